import type { CommandOf, CommandScript } from "../../charger-command.ts";
import { ask, compact, stationWord } from "../../command-script.ts";

/** SendLocalList (OCPP 1.6 §5.15). A full update without entries empties the list. */
export function* sendLocalList(command: CommandOf<"sendLocalList">): CommandScript {
  const { listVersion, updateType, entries } = command;
  const list = entries.map(({ idTag, status, expiryDate, parentIdTag }) => ({
    idTag,
    idTagInfo: compact({ status, expiryDate, parentIdTag }),
  }));
  const localAuthorizationList = list.length === 0 ? undefined : list;
  const answer = yield* ask("SendLocalList", compact({ listVersion, updateType, localAuthorizationList }));
  const word = stationWord(answer);
  return { kind: "status", status: word.ocppStatus ?? "", ...word };
}

/** GetLocalListVersion (OCPP 1.6 §5.10). */
export function* getLocalListVersion(): CommandScript {
  const { listVersion } = yield* ask("GetLocalListVersion", {});
  return { kind: "localListVersion", listVersion: Number(listVersion) };
}
