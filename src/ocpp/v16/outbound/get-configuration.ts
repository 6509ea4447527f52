import type { CommandContext, CommandOf, CommandScript, ConfigurationEntry } from "../../charger-command.ts";
import { ask } from "../../command-script.ts";
import { optionalObjects, optionalText } from "../../payload.ts";
import { isSecretKey } from "../../secrets.ts";
import { slices } from "../../slices.ts";

/** OCPP 1.6 §5.8; split where the station limits the keys of one request. */
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
