import type { JsonObject } from "../../ocpp/json.ts";
import type { IdToken } from "../charge.ts";
import { remoteStart, remoteStop } from "../charging.ts";
import { incomplete } from "../inbound.ts";
import { integerOf, objectOf, textOf } from "../read.ts";
import { readProfile } from "./charging-profile.ts";
import type { Answer, InboundHandler } from "../turn.ts";

export const requestStartTransaction: InboundHandler = (turn, payload) => {
  const remoteStartId = integerOf(payload, "remoteStartId");
  const token = readToken(payload);
  if (remoteStartId === undefined) return incomplete(payload, "remoteStartId", "integer");
  if (!token) return incompleteToken(payload);
  const given = objectOf(payload, "chargingProfile");
  const profile = given ? readProfile(given, 0, turn.version) : null;
  // F01.FR.09: only a profile for the transaction that is about to start, which has no id yet.
  const isForIt = profile?.purpose === "transaction" && given?.["transactionId"] === undefined;
  if (given && !isForIt) return { result: { status: "Rejected" } };
  const connectorId = integerOf(payload, "evseId") ?? null;
  return remoteStart(turn, { connectorId, token, remoteStartId, profile });
};

export const requestStopTransaction: InboundHandler = (turn, payload) => {
  const transactionId = textOf(payload, "transactionId");
  if (transactionId === undefined) return incomplete(payload, "transactionId");
  return remoteStop(turn, ({ id }) => id === transactionId);
};

/** E14: about one transaction, or about everything that waits. */
export const getTransactionStatus: InboundHandler = (turn, payload) => {
  const { charges, backlog } = turn.state.memory;
  const id = textOf(payload, "transactionId");
  const waiting = id === undefined ? backlog : backlog.filter(({ chargeId }) => chargeId === id);
  const isRunning = Object.values(charges).some((each) => each.stage === "charging" && each.id === id);
  const ongoing: JsonObject = id === undefined ? {} : { ongoingIndicator: isRunning };
  return { result: { ...ongoing, messagesInQueue: waiting.length > 0 } };
};

/** What `readToken` missed. */
export function incompleteToken(payload: JsonObject): Answer {
  const given = objectOf(payload, "idToken");
  if (!given) return incomplete(payload, "idToken", "object");
  return incomplete(given, textOf(given, "idToken") === undefined ? "idToken" : "type");
}

export function readToken(payload: JsonObject): IdToken | null {
  const given = objectOf(payload, "idToken");
  const idToken = given && textOf(given, "idToken");
  const type = given && textOf(given, "type");
  return idToken === undefined || type === undefined ? null : { idToken, type };
}
