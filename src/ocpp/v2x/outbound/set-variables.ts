import type {
  CommandContext,
  CommandOf,
  CommandRequest,
  CommandScript,
  ConfigurationStatus,
  StatusInfo,
} from "../../charger-command.ts";
import { ask, stationWord, UnusableAnswer } from "../../command-script.ts";
import type { JsonObject, JsonValue } from "../../json.ts";
import { optionalObjects, optionalText } from "../../payload.ts";
import { slices } from "../../slices.ts";
import { resolveKey } from "../configuration-key.ts";
import { rowsInOrder, variableName } from "../result-row.ts";
import { encodeVariable, type VariableAddress } from "../variable-key.ts";
import { itemLimit } from "./get-variables.ts";

const STATUSES: Record<string, ConfigurationStatus> = {
  Accepted: "Accepted",
  Rejected: "Rejected",
  RebootRequired: "RebootRequired",
};

interface Written {
  readonly status: ConfigurationStatus;
  readonly ocppStatus: string | null;
  readonly statusInfo: StatusInfo | null;
}
interface Item {
  readonly address: VariableAddress;
  readonly value: string;
}

/** SetVariables (OCPP 2.x B05) with one variable. */
export function* setVariable(
  { key, value }: CommandOf<"changeConfiguration">,
  ctx: CommandContext,
): CommandScript {
  const [result] = yield* write([{ key, value }], ctx);
  return { kind: "configurationChange", ...(result ?? notSupported()) };
}

export function* setVariables(
  { entries }: CommandOf<"changeConfigurations">,
  ctx: CommandContext,
): CommandScript {
  const written = yield* write(entries, ctx);
  const results = entries.map(({ key }, index) => ({ key, ...(written[index] ?? notSupported()) }));
  return { kind: "configurationChanges", results };
}

/** Sets BasicAuthPassword. The hexadecimal key of 1.6 is a valid password as text (A01). */
export function* setPassword(
  { authorizationKey }: CommandOf<"setAuthorizationKey">,
  ctx: CommandContext,
): CommandScript {
  const [result] = yield* write([{ key: "AuthorizationKey", value: authorizationKey }], ctx);
  return { kind: "configurationChange", ...(result ?? notSupported()) };
}

function* write(
  entries: CommandOf<"changeConfigurations">["entries"],
  ctx: CommandContext,
): Generator<CommandRequest, Written[], JsonValue> {
  const written: Written[] = entries.map(({ key }) => unsent(key, ctx));
  const parts = messages(entries, ctx);
  const longest = Math.max(0, ...parts.map(({ length }) => length));
  const limit = yield* itemLimit(ctx.keyLimits, "writeKeysMax", longest);
  for (const part of parts.flatMap((whole) => slices(whole, limit))) {
    const setVariableData = part.map(({ item }) => ({
      ...encodeVariable(item.address),
      attributeValue: item.value,
    }));
    const rows = optionalObjects(yield* ask("SetVariables", { setVariableData }), "setVariableResult");
    const inOrder = rowsInOrder(
      part.map(({ item }) => item.address),
      rows,
    );
    for (const [place, { index }] of part.entries()) written[index] = readResult(inOrder[place] ?? null);
  }
  return written;
}

/** Splits entries into messages so that none contains a variable twice (B05.FR.13). */
function messages(entries: CommandOf<"changeConfigurations">["entries"], ctx: CommandContext) {
  const parts: { index: number; item: Item }[][] = [];
  let seen = new Set<string>();
  for (const [index, { key, value }] of entries.entries()) {
    const meaning = resolveKey(key, ctx);
    if (meaning.kind !== "variable") continue;
    const name = variableName(meaning.address);
    const last = seen.has(name) ? undefined : parts.at(-1);
    const part = last ?? [];
    if (!last) {
      parts.push(part);
      seen = new Set();
    }
    seen.add(name);
    part.push({ index, item: { address: meaning.address, value } });
  }
  return parts;
}

/** Result of an entry that cannot be sent: a known value is read-only, another name is unknown. */
function unsent(key: string, ctx: CommandContext): Written {
  return resolveKey(key, ctx).kind === "known" ? { ...notSupported(), status: "Rejected" } : notSupported();
}

function readResult(row: JsonObject | null): Written {
  if (!row) throw new UnusableAnswer("has no result for a variable that was set");
  const ocppStatus = optionalText(row, "attributeStatus");
  return {
    status: STATUSES[ocppStatus ?? ""] ?? "NotSupported",
    ocppStatus,
    statusInfo: stationWord(row).statusInfo,
  };
}

function notSupported(): Written {
  return { status: "NotSupported", ocppStatus: null, statusInfo: null };
}
