import type { CommandContext, CommandOf, CommandScript, LocalListChange } from "../../charger-command.ts";
import { ask, compact, stationWord } from "../../command-script.ts";
import type { JsonObject } from "../../json.ts";
import { flagOf, wholeNumberOf } from "../../text-value.ts";
import { groupTag } from "../id-tag-info.ts";
import { getConfiguration } from "./configuration.ts";

/** SendLocalList (OCPP 1.6 §5.15). A full update without entries empties the list; an entry without a status removes its tag. */
export function* sendLocalList(command: CommandOf<"sendLocalList">): CommandScript {
  const { listVersion, updateType, entries } = command;
  const list = entries.map(entryOf);
  const localAuthorizationList = list.length === 0 ? undefined : list;
  const answer = yield* ask("SendLocalList", compact({ listVersion, updateType, localAuthorizationList }));
  const word = stationWord(answer);
  return { kind: "status", status: word.ocppStatus ?? "", ...word };
}

function entryOf(entry: LocalListChange): JsonObject {
  const { idTag, status } = entry;
  if (status === null) return { idTag };
  const parentIdTag = entry.parentIdTag === undefined ? undefined : groupTag(entry.parentIdTag);
  return { idTag, idTagInfo: compact({ status, expiryDate: entry.expiryDate, parentIdTag }) };
}

/** GetLocalListVersion (OCPP 1.6 §5.10). */
export function* getLocalListVersion(): CommandScript {
  const { listVersion } = yield* ask("GetLocalListVersion", {});
  return { kind: "localListVersion", listVersion: Number(listVersion) };
}

const ENABLED_KEY = "LocalAuthListEnabled";
const ENTRIES_KEY = "LocalAuthListMaxLength";
const ITEMS_KEY = "SendLocalListMaxLength";

/** Limits of the local list by their configuration keys (OCPP 1.6 §9.2). */
export function* getLocalListLimits(_command: object, ctx: CommandContext): CommandScript {
  const keys = [ENABLED_KEY, ENTRIES_KEY, ITEMS_KEY];
  const answer = yield* getConfiguration({ kind: "getConfiguration", keys }, ctx);
  const entries = answer.kind === "configuration" ? answer.configurationKey : [];
  const text = (name: string) =>
    entries.find(({ key }) => key.toLowerCase() === name.toLowerCase())?.value ?? null;
  return {
    kind: "localListLimits",
    isEnabled: flagOf(text(ENABLED_KEY)),
    entriesMax: wholeNumberOf(text(ENTRIES_KEY)),
    itemsMax: wholeNumberOf(text(ITEMS_KEY)),
    bytesMax: null,
  };
}
