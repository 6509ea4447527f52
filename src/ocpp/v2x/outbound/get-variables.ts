import type {
  CommandAnswer,
  CommandContext,
  CommandOf,
  CommandRequest,
  CommandScript,
  ConfigurationEntry,
  KeyLimits,
} from "../../charger-command.ts";
import { ask, type Asking, awaitReport, stationWord } from "../../command-script.ts";
import type { JsonObject, JsonValue } from "../../json.ts";
import { LIMIT_VARIABLES, limitsTold, NO_LIMIT } from "../../key-limits.ts";
import { optionalObjects, optionalText } from "../../payload.ts";
import { isSecretKey, isSecretName } from "../../secrets.ts";
import { slices } from "../../slices.ts";
import { resolveKey } from "../configuration-key.ts";
import { rowsInOrder, variableName } from "../result-row.ts";
import {
  actualAttribute,
  encodeVariable,
  formatVariableKey,
  readVariable,
  type VariableAddress,
} from "../variable-key.ts";

/**
 * GetVariables (OCPP 2.x B06) for named keys, GetBaseReport (B07) for all. The answer has each key as it was asked
 * for.
 */
export function getVariables(command: CommandOf<"getConfiguration">, ctx: CommandContext): CommandScript {
  return command.keys.length === 0 ? readEverything(ctx) : readNamed([...new Set(command.keys)], ctx);
}

function* readNamed(keys: readonly string[], ctx: CommandContext): CommandScript {
  const resolved = keys.map((key) => ({ key, meaning: resolveKey(key, ctx) }));
  const addresses = resolved.flatMap(({ meaning }) => (meaning.kind === "variable" ? [meaning.address] : []));
  const results = addresses.length === 0 ? new Map<string, JsonObject>() : yield* read(addresses, ctx);
  const configurationKey: ConfigurationEntry[] = [];
  const unknownKey: string[] = [];
  for (const { key, meaning } of resolved) {
    const entry =
      meaning.kind === "variable"
        ? entryOf(key, meaning.address, results, ctx)
        : meaning.kind === "known" && { key, readonly: true, value: meaning.value };
    if (entry) configurationKey.push(entry);
    else unknownKey.push(key);
  }
  return { kind: "configuration", configurationKey, unknownKey, ocppStatus: null, statusInfo: null };
}

/** Results by variable key in lower case, because names of the device model are case-insensitive. */
function* read(
  addresses: readonly VariableAddress[],
  ctx: CommandContext,
): Generator<CommandRequest, Map<string, JsonObject>, JsonValue> {
  const wanted = new Map(addresses.map((address) => [variableName(address), address]));
  const results = new Map<string, JsonObject>();
  const limit = yield* itemLimit(ctx.keyLimits, "readKeysMax", wanted.size);
  for (const part of slices([...wanted.values()], limit)) {
    const answer = yield* ask("GetVariables", { getVariableData: part.map(encodeVariable) });
    const rows = rowsInOrder(part, optionalObjects(answer, "getVariableResult"));
    for (const [index, address] of part.entries()) {
      const row = rows[index];
      if (row) results.set(variableName(address), row);
    }
  }
  return results;
}

function entryOf(
  key: string,
  address: VariableAddress,
  results: ReadonlyMap<string, JsonObject>,
  ctx: CommandContext,
): ConfigurationEntry | null {
  const row = results.get(variableName(address));
  const status = row && optionalText(row, "attributeStatus");
  // Rejected means that the variable exists and is write-only (B06.FR.09).
  if (!row || (status !== "Accepted" && status !== "Rejected")) return null;
  const readonly = ctx.reportedVariable(formatVariableKey(address))?.isReadOnly ?? false;
  const isHidden = status === "Rejected" || isSecretKey(key) || isSecretName(address.variable);
  const value = isHidden ? null : optionalText(row, "attributeValue");
  return { key, readonly, ...(value === null ? {} : { value }) };
}

function* readEverything(ctx: CommandContext): CommandScript {
  const requestId = ctx.nextRequestId();
  const word = stationWord(yield* ask("GetBaseReport", { requestId, reportBase: "FullInventory" }));
  const isReported = word.ocppStatus === "Accepted";
  const rows = isReported ? yield* awaitReport(requestId) : [];
  const configurationKey = rows.flatMap(reportedEntry);
  const refusal = isReported ? { ocppStatus: null, statusInfo: null } : word;
  return { kind: "configuration", configurationKey, unknownKey: [], ...refusal } satisfies CommandAnswer;
}

function reportedEntry(row: JsonObject): ConfigurationEntry[] {
  const address = readVariable(row);
  if (!address) return [];
  const actual = actualAttribute(row) ?? {};
  const isHidden = actual.mutability === "WriteOnly" || isSecretName(address.variable);
  const value = isHidden ? null : optionalText(actual, "value");
  const entry = { key: formatVariableKey(address), readonly: actual.mutability === "ReadOnly" };
  return [value === null ? entry : { ...entry, value }];
}

/**
 * Most items of one message. A station that has not reported its limit is asked before it gets more than one item
 * (2.x B05.FR.11, B06.FR.05); some accept only four.
 */
export function* itemLimit(known: KeyLimits, of: keyof KeyLimits, items: number): Asking<number> {
  const told = known[of];
  if (told !== null || items < 2) return told ?? NO_LIMIT;
  const question = { getVariableData: [encodeVariable(LIMIT_VARIABLES[of])] };
  const answer = yield* ask("GetVariables", question);
  return limitsTold("GetVariables", question, answer)[of] ?? NO_LIMIT;
}
