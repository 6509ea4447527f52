import type { JsonObject } from "../../ocpp/json.ts";
import { changeAvailability as change, isOccupied } from "../charging/availability.ts";
import type { IdToken } from "../station/charge.ts";
import { leave, remoteStart, remoteStop } from "../charging/charging.ts";
import { isInstalling } from "../maintenance/firmware.ts";
import { incomplete } from "../line/inbound.ts";
import { restartSoon } from "../line/line.ts";
import { integerOf, objectOf, textOf, timeOf } from "../station/read.ts";
import { cancelReservation as cancel, reserve } from "../charging/reservations.ts";
import { endAllTransactions, FAREWELL_MS } from "../charging/transactions.ts";
import { trigger } from "../lifecycle/trigger.ts";
import type { Answer, InboundHandler, Turn } from "../station/turn.ts";
import { readProfile } from "./charging-profile.ts";

export const requestStartTransaction: InboundHandler = (turn, payload) => {
  const remoteStartId = integerOf(payload, "remoteStartId");
  const token = readToken(payload);
  if (remoteStartId === undefined) return incomplete(payload, "remoteStartId", "integer");
  if (!token) return incompleteToken(payload);
  const given = objectOf(payload, "chargingProfile");
  const profile = given ? readProfile(given, 0, turn.version) : null;
  // F01.FR.09: the profile must be for the transaction that is about to start, which has no id yet.
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

/** GetTransactionStatus (E14): of one transaction, or of all unconfirmed messages. */
export const getTransactionStatus: InboundHandler = (turn, payload) => {
  const { charges, backlog } = turn.state.memory;
  const id = textOf(payload, "transactionId");
  const waiting = id === undefined ? backlog : backlog.filter(({ chargeId }) => chargeId === id);
  const isRunning = Object.values(charges).some((each) => each.stage === "charging" && each.id === id);
  const ongoing: JsonObject = id === undefined ? {} : { ongoingIndicator: isRunning };
  return { result: { ...ongoing, messagesInQueue: waiting.length > 0 } };
};

/** CALLERROR for the field that `readToken` found invalid. */
function incompleteToken(payload: JsonObject): Answer {
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

const RESTARTS: Readonly<Record<string, (turn: Turn) => void>> = {
  Immediate: (turn) => {
    endAllTransactions(turn, "HardReset");
    restartSoon(turn, "RemoteReset", FAREWELL_MS);
  },
  OnIdle: (turn) => restartSoon(turn, "RemoteReset", FAREWELL_MS),
  // Transactions continue after the reset (2.1 B11.FR.20 and following).
  ImmediateAndResume: (turn) => restartSoon(turn, "RemoteReset", FAREWELL_MS),
};

/** Reset (B11, B12). The reset of a single EVSE is refused (B11.FR.09). */
export const reset: InboundHandler = (turn, payload) => {
  const type = textOf(payload, "type");
  if (type === undefined) return incomplete(payload, "type");
  const isKnown =
    Object.hasOwn(RESTARTS, type) && (type !== "ImmediateAndResume" || turn.version === "ocpp2.1");
  const after = isKnown ? RESTARTS[type] : undefined;
  if (!after) return incomplete(payload, "type");
  if (integerOf(payload, "evseId")) return { result: { status: "Rejected" } };
  if (isInstalling(turn)) {
    return { result: { status: "Rejected", statusInfo: { reasonCode: "FwUpdateInProgress" } } };
  }
  if (type === "OnIdle" && isOccupied(turn, 0)) {
    turn.change({ resetWhenIdle: "RemoteReset" });
    return { result: { status: "Scheduled" } };
  }
  return { result: { status: "Accepted" }, after };
};

/** UnlockConnector (F05): refused during a transaction. */
export const unlockConnector: InboundHandler = (turn, payload) => {
  const id = integerOf(payload, "evseId");
  const connectorId = integerOf(payload, "connectorId");
  if (id === undefined) return incomplete(payload, "evseId", "integer");
  if (connectorId === undefined) return incomplete(payload, "connectorId", "integer");
  if (knownEvse(turn, { id, connectorId }) === null) return { result: { status: "UnknownConnector" } };
  const isRunning = turn.state.memory.charges[id]?.stage === "charging";
  if (isRunning) return { result: { status: "OngoingAuthorizedTransaction" } };
  return { result: { status: "Unlocked" }, after: (answered) => leave(answered, id) };
};

export const changeAvailability: InboundHandler = (turn, payload) => {
  const status = textOf(payload, "operationalStatus");
  if (status !== "Operative" && status !== "Inoperative") return incomplete(payload, "operationalStatus");
  const evse = objectOf(payload, "evse");
  const evseId = evse ? knownEvse(turn, evse) : 0;
  if (evseId === null) return { result: { status: "Rejected" } };
  return change(turn, [evseId], status === "Operative");
};

const MESSAGES = [
  "BootNotification",
  "FirmwareStatusNotification",
  "Heartbeat",
  "LogStatusNotification",
  "MeterValues",
  "StatusNotification",
  "TransactionEvent",
];

export const triggerMessage: InboundHandler = (turn, payload) => {
  const message = textOf(payload, "requestedMessage");
  if (message === undefined) return incomplete(payload, "requestedMessage");
  const evse = objectOf(payload, "evse");
  const evseId = evse ? knownEvse(turn, evse) : null;
  // F06.FR.13: StatusNotification needs a connector.
  const isVague = message === "StatusNotification" && integerOf(evse ?? {}, "connectorId") === undefined;
  if (isVague || (evse && evseId === null)) return { result: { status: "Rejected" } };
  return trigger(turn, MESSAGES.includes(message) ? message : null, evseId);
};

/** ReserveNow (H01); refused without an EVSE, as `ReservationCtrlr.NonEvseSpecific` says. */
export const reserveNow: InboundHandler = (turn, payload) => {
  const id = integerOf(payload, "id");
  const token = readToken(payload);
  const expiresAtMs = timeOf(payload, "expiryDateTime");
  if (id === undefined) return incomplete(payload, "id", "integer");
  if (!token) return incompleteToken(payload);
  if (expiresAtMs === undefined) return incomplete(payload, "expiryDateTime");
  const connectorId = integerOf(payload, "evseId") ?? 0;
  const { idToken } = token;
  const group = textOf(objectOf(payload, "groupIdToken") ?? {}, "idToken");
  return reserve(turn, { id, connectorId, idToken, expiresAtMs, ...(group !== undefined && { group }) });
};

/** CancelReservation (H02). */
export const cancelReservation: InboundHandler = (turn, payload) => {
  const id = integerOf(payload, "reservationId");
  return id === undefined ? incomplete(payload, "reservationId", "integer") : cancel(turn, id);
};

/** EVSE of a request; null: no such EVSE. Each EVSE has one connector, number 1. */
function knownEvse(turn: Turn, evse: JsonObject): number | null {
  const id = integerOf(evse, "id");
  const connectorId = integerOf(evse, "connectorId") ?? 1;
  const isKnown = id !== undefined && id >= 1 && id <= turn.state.profile.connectors && connectorId === 1;
  return isKnown ? id : null;
}
