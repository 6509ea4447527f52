import { isOccupied } from "../availability.ts";
import { isInstalling } from "../firmware.ts";
import { incomplete } from "../inbound.ts";
import { restartSoon } from "../line.ts";
import { integerOf, textOf } from "../read.ts";
import { endAllTransactions, FAREWELL_MS } from "../transactions.ts";
import type { Turn, InboundHandler } from "../turn.ts";

const RESTARTS: Readonly<Record<string, (turn: Turn) => void>> = {
  Immediate: (turn) => {
    endAllTransactions(turn, "HardReset");
    restartSoon(turn, "RemoteReset", FAREWELL_MS);
  },
  OnIdle: (turn) => restartSoon(turn, "RemoteReset", FAREWELL_MS),
  // Transactions go on afterwards (2.1 B11.FR.20 and following).
  ImmediateAndResume: (turn) => restartSoon(turn, "RemoteReset", FAREWELL_MS),
};

/** B12: a single EVSE cannot be reset on its own here (B11.FR.09 allows to refuse it). */
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
