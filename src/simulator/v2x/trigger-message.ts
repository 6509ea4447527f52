import { incomplete } from "../inbound.ts";
import { integerOf, objectOf, textOf } from "../read.ts";
import { trigger } from "../trigger.ts";
import { knownEvse } from "./evse.ts";
import type { InboundHandler } from "../turn.ts";

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
  // F06.FR.13: a status is that of one connector.
  const isVague = message === "StatusNotification" && integerOf(evse ?? {}, "connectorId") === undefined;
  if (isVague || (evse && evseId === null)) return { result: { status: "Rejected" } };
  return trigger(turn, MESSAGES.includes(message) ? message : null, evseId);
};
