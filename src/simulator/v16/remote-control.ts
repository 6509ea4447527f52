import { changeAvailability as change } from "../charging/availability.ts";
import { leave, remoteStart, remoteStop } from "../charging/charging.ts";
import { setAvailability } from "../charging/connectors.ts";
import { incomplete } from "../line/inbound.ts";
import { restartSoon } from "../line/line.ts";
import { integerOf, objectOf, textOf, timeOf } from "../station/read.ts";
import { cancelReservation as cancel, reserve } from "../charging/reservations.ts";
import { endAllTransactions, endTransaction, FAREWELL_MS } from "../charging/transactions.ts";
import { trigger } from "../lifecycle/trigger.ts";
import type { InboundHandler, Turn } from "../station/turn.ts";
import { readProfile } from "./charging-profile.ts";

export const remoteStartTransaction: InboundHandler = (turn, payload) => {
  const idTag = textOf(payload, "idTag");
  if (idTag === undefined) return incomplete(payload, "idTag");
  const given = objectOf(payload, "chargingProfile");
  const profile = given ? readProfile(given, 0) : null;
  // The profile must be for the transaction that is about to start, which has no id yet (errata 3.41).
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

/**
 * Reset (OCPP 1.6 §5.14). The answer is sent first, then transactions end, then the connection closes. A hard reset
 * does not wait for transaction messages.
 */
export const reset: InboundHandler = (_turn, payload) => {
  const type = textOf(payload, "type");
  if (type === undefined) return incomplete(payload, "type");
  if (type !== "Hard" && type !== "Soft") return incomplete(payload, "type");
  const after = (answered: typeof _turn) => {
    endAllTransactions(answered, type === "Hard" ? "HardReset" : "SoftReset");
    restartSoon(answered, "RemoteReset", type === "Hard" ? 0 : FAREWELL_MS);
  };
  return { result: { status: "Accepted" }, after };
};

/** UnlockConnector (OCPP 1.6 §5.18): ends a transaction first. An unknown connector is NotSupported (errata 3.87). */
export const unlockConnector: InboundHandler = (turn, payload) => {
  const connectorId = integerOf(payload, "connectorId");
  if (connectorId === undefined) return incomplete(payload, "connectorId", "integer");
  const isKnown = connectorId >= 1 && connectorId <= turn.state.profile.connectors;
  if (!isKnown) return { result: { status: "NotSupported" } };
  const isRunning = turn.state.memory.charges[connectorId]?.stage === "charging";
  const after = (answered: typeof turn) =>
    isRunning ? endTransaction(answered, connectorId, "UnlockCommand") : leave(answered, connectorId);
  return { result: { status: "Unlocked" }, after };
};

/** ChangeAvailability (OCPP 1.6 §5.2). Connector 0 means the station and all its connectors. */
export const changeAvailability: InboundHandler = (turn, payload) => {
  const connectorId = integerOf(payload, "connectorId");
  const type = textOf(payload, "type");
  if (connectorId === undefined) return incomplete(payload, "connectorId", "integer");
  if (type !== "Operative" && type !== "Inoperative") return incomplete(payload, "type");
  const { connectors } = turn.state.profile;
  if (connectorId < 0 || connectorId > connectors) return { result: { status: "Rejected" } };
  const isOperative = type === "Operative";
  if (connectorId > 0 && isOperative) admitStation(turn);
  const all = Array.from({ length: connectors + 1 }, (_, id) => id);
  return change(turn, connectorId === 0 ? all : [connectorId], isOperative);
};

/** Makes the station operative when one connector becomes operative; the others stay inoperative. */
function admitStation(turn: Turn): void {
  const { memory, profile } = turn.state;
  if (!memory.inoperative.includes(0) && !(0 in memory.scheduled)) return;
  if (memory.inoperative.includes(0))
    for (let id = 1; id <= profile.connectors; id++) setAvailability(turn, id, false);
  setAvailability(turn, 0, true);
}

const BOTH = [
  "BootNotification",
  "FirmwareStatusNotification",
  "Heartbeat",
  "MeterValues",
  "StatusNotification",
];
const PLAIN = [...BOTH, "DiagnosticsStatusNotification"];
const EXTENDED = [...BOTH, "LogStatusNotification"];

/** TriggerMessage (OCPP 1.6 §5.17). */
export const triggerMessage: InboundHandler = (turn, payload) => {
  const message = textOf(payload, "requestedMessage");
  if (message === undefined) return incomplete(payload, "requestedMessage");
  return trigger(turn, PLAIN.includes(message) ? message : null, integerOf(payload, "connectorId") ?? null);
};

/**
 * ExtendedTriggerMessage (security whitepaper §4.6). The status of a signed update is triggered by the name of the
 * unsigned one.
 */
export const extendedTriggerMessage: InboundHandler = (turn, payload) => {
  const name = textOf(payload, "requestedMessage");
  if (name === undefined) return incomplete(payload, "requestedMessage");
  const message = name === "FirmwareStatusNotification" ? "SignedFirmwareStatusNotification" : name;
  return trigger(turn, EXTENDED.includes(name) ? message : null, integerOf(payload, "connectorId") ?? null);
};

/** ReserveNow (OCPP 1.6 §5.13). */
export const reserveNow: InboundHandler = (turn, payload) => {
  const connectorId = integerOf(payload, "connectorId");
  const id = integerOf(payload, "reservationId");
  const idToken = textOf(payload, "idTag");
  const expiresAtMs = timeOf(payload, "expiryDate");
  if (connectorId === undefined) return incomplete(payload, "connectorId", "integer");
  if (id === undefined) return incomplete(payload, "reservationId", "integer");
  if (idToken === undefined) return incomplete(payload, "idTag");
  if (expiresAtMs === undefined) return incomplete(payload, "expiryDate");
  const group = textOf(payload, "parentIdTag");
  return reserve(turn, { id, connectorId, idToken, expiresAtMs, ...(group !== undefined && { group }) });
};

/** CancelReservation (OCPP 1.6 §5.1). */
export const cancelReservation: InboundHandler = (turn, payload) => {
  const id = integerOf(payload, "reservationId");
  return id === undefined ? incomplete(payload, "reservationId", "integer") : cancel(turn, id);
};
