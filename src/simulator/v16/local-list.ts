import { isJsonObject, type JsonValue } from "../../ocpp/json.ts";
import { incomplete, type InboundHandler } from "../inbound.ts";
import { updateLocalList, type ListUpdate } from "../local-list.ts";
import { integerOf, listOf, objectOf, textOf, timeOf } from "../read.ts";

/** OCPP 1.6 5.10 */
export const getLocalListVersion: InboundHandler = (turn) => ({
  result: { listVersion: turn.state.memory.localList.version },
});

/** OCPP 1.6 5.15 */
export const sendLocalList: InboundHandler = (turn, payload) => {
  const version = integerOf(payload, "listVersion");
  const updateType = textOf(payload, "updateType");
  if (version === undefined) return incomplete(payload, "listVersion", "integer");
  if (updateType !== "Full" && updateType !== "Differential") return incomplete(payload, "updateType");
  const changes = (listOf(payload, "localAuthorizationList") ?? []).map(readChange);
  const known = changes.filter((change) => change !== null);
  if (known.length < changes.length) return incomplete(payload, "localAuthorizationList", "array");
  const update = { version, isFull: updateType === "Full", changes: known };
  return { result: { status: updateLocalList(turn, update) } };
};

function readChange(entry: JsonValue): ListUpdate["changes"][number] | null {
  const idTag = isJsonObject(entry) ? textOf(entry, "idTag") : undefined;
  if (!isJsonObject(entry) || idTag === undefined) return null;
  const info = objectOf(entry, "idTagInfo");
  const status = info && textOf(info, "status");
  return [
    idTag,
    info && status !== undefined ? { status, expiresAtMs: timeOf(info, "expiryDate") ?? null } : null,
  ];
}
