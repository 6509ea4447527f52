import { incomplete } from "../inbound.ts";
import { integerOf, textOf } from "../read.ts";
import { trigger } from "../trigger.ts";
import type { InboundHandler } from "../turn.ts";

const BOTH = [
  "BootNotification",
  "FirmwareStatusNotification",
  "Heartbeat",
  "MeterValues",
  "StatusNotification",
];
const PLAIN = [...BOTH, "DiagnosticsStatusNotification"];
const EXTENDED = [...BOTH, "LogStatusNotification"];

/** OCPP 1.6 5.17 */
export const triggerMessage: InboundHandler = (turn, payload) => {
  const message = textOf(payload, "requestedMessage");
  if (message === undefined) return incomplete(payload, "requestedMessage");
  return trigger(turn, PLAIN.includes(message) ? message : null, integerOf(payload, "connectorId") ?? null);
};

/** Security whitepaper 4.6: asks for the status of a signed update by the name of the plain one. */
export const extendedTriggerMessage: InboundHandler = (turn, payload) => {
  const name = textOf(payload, "requestedMessage");
  if (name === undefined) return incomplete(payload, "requestedMessage");
  const message = name === "FirmwareStatusNotification" ? "SignedFirmwareStatusNotification" : name;
  return trigger(turn, EXTENDED.includes(name) ? message : null, integerOf(payload, "connectorId") ?? null);
};
