import { isJsonObject, type JsonValue } from "../../ocpp/json.ts";
import { incomplete, type InboundHandler } from "../inbound.ts";
import { updateLocalList, type ListUpdate } from "../local-list.ts";
import { integerOf, listOf, objectOf, textOf, timeOf } from "../read.ts";
import { readToken } from "./remote-transaction.ts";

/** D02 */
export const getLocalListVersion: InboundHandler = (turn) => ({
  result: { versionNumber: turn.state.memory.localList.version },
});

/** D01 */
export const sendLocalList: InboundHandler = (turn, payload) => {
  const version = integerOf(payload, "versionNumber");
  const updateType = textOf(payload, "updateType");
  if (version === undefined) return incomplete(payload, "versionNumber", "integer");
  if (updateType !== "Full" && updateType !== "Differential") return incomplete(payload, "updateType");
  const changes = (listOf(payload, "localAuthorizationList") ?? []).map(readChange);
  const known = changes.filter((change) => change !== null);
  if (known.length < changes.length) return incomplete(payload, "localAuthorizationList", "array");
  const update = { version, isFull: updateType === "Full", changes: known };
  return { result: { status: updateLocalList(turn, update) } };
};

function readChange(entry: JsonValue): ListUpdate["changes"][number] | null {
  const token = isJsonObject(entry) ? readToken(entry) : null;
  if (!isJsonObject(entry) || !token) return null;
  const info = objectOf(entry, "idTokenInfo");
  const status = info && textOf(info, "status");
  const expiresAtMs = (info && timeOf(info, "cacheExpiryDateTime")) ?? null;
  return [token.idToken, status === undefined ? null : { status, expiresAtMs }];
}
