import type {
  CommandAnswer,
  CommandContext,
  CommandOf,
  CommandRequest,
  CommandScript,
  ConfigurationEntry,
  ConfigurationStatus,
  StatusInfo,
} from "../../charger-command.ts";
import { ask, stationWord } from "../../command-script.ts";
import type { JsonValue } from "../../json.ts";
import { optionalObjects, optionalText } from "../../payload.ts";
import { isSecretKey } from "../../secrets.ts";
import { slices } from "../../slices.ts";

/** GetConfiguration (OCPP 1.6 §5.8), split if the station limits the keys of one request. */
export function* getConfiguration(
  { keys }: CommandOf<"getConfiguration">,
  ctx: CommandContext,
): CommandScript {
  const entries: ConfigurationEntry[] = [];
  const unknownKey: string[] = [];
  for (const key of keys.length === 0 ? [[]] : slices([...new Set(keys)], ctx.keyLimits.readKeysMax)) {
    const answer = yield* ask("GetConfiguration", key.length === 0 ? {} : { key });
    for (const entry of optionalObjects(answer, "configurationKey")) {
      const name = optionalText(entry, "key") ?? "";
      const value = isSecretKey(name) ? null : optionalText(entry, "value");
      entries.push({ key: name, readonly: entry.readonly === true, ...(value === null ? {} : { value }) });
    }
    if (Array.isArray(answer.unknownKey)) unknownKey.push(...answer.unknownKey.map(String));
  }
  return { kind: "configuration", configurationKey: entries, unknownKey, ocppStatus: null, statusInfo: null };
}

const STATUSES: Record<string, ConfigurationStatus> = {
  Accepted: "Accepted",
  Rejected: "Rejected",
  RebootRequired: "RebootRequired",
  NotSupported: "NotSupported",
};

interface Written {
  readonly status: ConfigurationStatus;
  readonly ocppStatus: string | null;
  readonly statusInfo: StatusInfo | null;
}

/** ChangeConfiguration (OCPP 1.6 §5.3). */
function* write(key: string, value: string): Generator<CommandRequest, Written, JsonValue> {
  const word = stationWord(yield* ask("ChangeConfiguration", { key, value }));
  return { status: STATUSES[word.ocppStatus ?? ""] ?? "NotSupported", ...word };
}

export function* changeConfiguration({ key, value }: CommandOf<"changeConfiguration">): CommandScript {
  return { kind: "configurationChange", ...(yield* write(key, value)) };
}

export function* changeConfigurations({ entries }: CommandOf<"changeConfigurations">): CommandScript {
  const results: (Written & { key: string })[] = [];
  for (const { key, value } of entries) results.push({ key, ...(yield* write(key, value)) });
  return { kind: "configurationChanges", results } satisfies CommandAnswer;
}

/**
 * Sets AuthorizationKey. The value is hexadecimal; the station uses the bytes that it encodes (1.6 security
 * whitepaper, A01).
 */
export function* setAuthorizationKey({ authorizationKey }: CommandOf<"setAuthorizationKey">): CommandScript {
  return { kind: "configurationChange", ...(yield* write("AuthorizationKey", authorizationKey)) };
}
