import { remoteStart, remoteStop } from "../charging.ts";
import { incomplete } from "../inbound.ts";
import { integerOf, objectOf, textOf } from "../read.ts";
import { readProfile } from "./charging-profile.ts";
import type { InboundHandler } from "../turn.ts";

export const remoteStartTransaction: InboundHandler = (turn, payload) => {
  const idTag = textOf(payload, "idTag");
  if (idTag === undefined) return incomplete(payload, "idTag");
  const given = objectOf(payload, "chargingProfile");
  const profile = given ? readProfile(given, 0) : null;
  // It must be for the transaction that is about to start, which has no number yet (errata 3.41).
  const isForIt = profile?.purpose === "transaction" && given?.["transactionId"] === undefined;
  if (given && !isForIt) return { result: { status: "Rejected" } };
  const token = { idToken: idTag, type: "Central" };
  const connectorId = integerOf(payload, "connectorId") ?? null;
  return remoteStart(turn, { connectorId, token, remoteStartId: null, profile });
};

export const remoteStopTransaction: InboundHandler = (turn, payload) => {
  const number = integerOf(payload, "transactionId");
  if (number === undefined) return incomplete(payload, "transactionId", "integer");
  const { transactionIds } = turn.state.memory;
  return remoteStop(turn, ({ id }) => transactionIds[id] === number);
};
