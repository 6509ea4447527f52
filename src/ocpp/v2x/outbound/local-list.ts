import type { CommandOf, CommandScript } from "../../charger-command.ts";
import { ask, compact, stationWord } from "../../command-script.ts";

const token = (idToken: string) => ({ idToken, type: "Central" });

/** SendLocalList (OCPP 2.x D01). A full update without entries empties the list. */
export function* sendLocalList(command: CommandOf<"sendLocalList">): CommandScript {
  const { listVersion: versionNumber, updateType, entries } = command;
  const list = entries.map(({ idTag, status, expiryDate: cacheExpiryDateTime, parentIdTag }) => ({
    idToken: token(idTag),
    idTokenInfo: compact({
      status,
      cacheExpiryDateTime,
      groupIdToken: parentIdTag === undefined ? undefined : token(parentIdTag),
    }),
  }));
  const localAuthorizationList = list.length === 0 ? undefined : list;
  const answer = yield* ask("SendLocalList", compact({ versionNumber, updateType, localAuthorizationList }));
  const word = stationWord(answer);
  return { kind: "status", status: word.ocppStatus ?? "", ...word };
}

/** GetLocalListVersion (OCPP 2.x D02). */
export function* getLocalListVersion(): CommandScript {
  const { versionNumber } = yield* ask("GetLocalListVersion", {});
  return { kind: "localListVersion", listVersion: Number(versionNumber) };
}
