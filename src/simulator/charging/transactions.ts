import type { JsonObject } from "../../ocpp/json.ts";
import { applyScheduled, isOccupied } from "./availability.ts";
import { post } from "../line/backlog.ts";
import {
  type Charge,
  type EndReason,
  NO_FLOW,
  type TransactionMessage,
  type UpdateReason,
} from "../station/charge.ts";
import { withoutTransaction } from "../station/charging-profile.ts";
import { reportStatuses } from "./connectors.ts";
import { flowAt, nextChangeMs } from "./limits.ts";
import { restartSoon } from "../line/line.ts";
import { meterReading, settleMeter } from "./meter.ts";
import { integerOf, objectOf, textOf } from "../station/read.ts";
import { isSettingOn } from "../station/setting-value.ts";
import type { Turn } from "../station/turn.ts";

const UNPLUG_MS = { low: 1_000, high: 2_000 };
/** How long a restart waits for the delivery of transaction messages. */
export const FAREWELL_MS = 10_000;

/** Connectors with a running transaction. */
export function chargingConnectors(turn: Turn): number[] {
  return Object.entries(turn.state.memory.charges).flatMap(([id, { stage }]) =>
    stage === "charging" ? [Number(id)] : [],
  );
}

export function setCharge(turn: Turn, connectorId: number, part: Partial<Charge>): void {
  const { charges } = turn.state.memory;
  const charge = charges[connectorId];
  if (charge) turn.remember({ charges: { ...charges, [connectorId]: { ...charge, ...part } } });
}

export function beginTransaction(turn: Turn, connectorId: number): void {
  const { nowMs } = turn.around;
  setCharge(turn, connectorId, {
    stage: "charging",
    startedAtMs: nowMs,
    meteredAtMs: nowMs,
    meterStartWh: meterReading(turn, connectorId),
    flow: NO_FLOW,
  });
  const charge = turn.state.memory.charges[connectorId];
  if (!charge) return;
  setCharge(turn, connectorId, { flow: flowAt(turn.state, connectorId, nowMs), seqNo: charge.seqNo + 1 });
  const current = turn.state.memory.charges[connectorId] ?? charge;
  post(turn, turn.dialect.started(turn, connectorId, { ...current, seqNo: charge.seqNo }), charge.id, false);
  reviewFlows(turn);
}

/** Sends an update of a running transaction, if its version has a message for it. */
export function updateTransaction(turn: Turn, connectorId: number, why: UpdateReason): void {
  const charge = turn.state.memory.charges[connectorId];
  if (charge?.stage !== "charging") return;
  settleMeter(turn, connectorId);
  const body = turn.dialect.updated(turn, connectorId, charge, why);
  if (!body) return;
  setCharge(turn, connectorId, { seqNo: charge.seqNo + 1 });
  post(turn, body, charge.id, true);
}

/** Ends a transaction. The car stays plugged in for a moment; changes that waited for the end are carried out. */
export function endTransaction(turn: Turn, connectorId: number, reason: EndReason): void {
  const charge = turn.state.memory.charges[connectorId];
  if (charge?.stage !== "charging") return;
  settleMeter(turn, connectorId);
  setCharge(turn, connectorId, { stage: "finishing", flow: NO_FLOW });
  const { profiles } = turn.state.memory;
  const kept = withoutTransaction(profiles, connectorId);
  if (kept.length < profiles.length) turn.remember({ profiles: kept });
  post(turn, turn.dialect.ended(turn, connectorId, charge, reason), charge.id, false);
  turn.setTimer(`connector ${connectorId}`, turn.between(UNPLUG_MS.low, UNPLUG_MS.high));
  catchUp(turn);
  reviewFlows(turn);
  if (chargingConnectors(turn).length === 0) turn.clearTimer("meter");
}

/** Carries out what waited for the end of a transaction. */
export function catchUp(turn: Turn): void {
  applyScheduled(turn);
  const { resetWhenIdle } = turn.state;
  if (resetWhenIdle !== null && !isOccupied(turn, 0)) restartSoon(turn, resetWhenIdle, FAREWELL_MS);
}

export function endAllTransactions(turn: Turn, reason: EndReason): void {
  for (const id of chargingConnectors(turn)) endTransaction(turn, id, reason);
}

/** Sets the current of every car to its limit, and a timer for the next change of a limit. */
export function reviewFlows(turn: Turn): void {
  const { nowMs } = turn.around;
  const charging = chargingConnectors(turn);
  for (const id of charging) changeFlow(turn, id);
  reportStatuses(turn);
  const changeMs = charging.length > 0 ? nextChangeMs(turn.state, nowMs) : null;
  if (changeMs !== null) turn.setTimerAhead("limits", changeMs);
  else if (charging.length > 0) turn.clearTimer("limits");
}

function changeFlow(turn: Turn, connectorId: number): void {
  const before = turn.state.memory.charges[connectorId]?.flow ?? NO_FLOW;
  const flow = flowAt(turn.state, connectorId, turn.around.nowMs);
  const isSame =
    flow.amps === before.amps && flow.phases === before.phases && flow.firstPhase === before.firstPhase;
  if (isSame) return;
  settleMeter(turn, connectorId);
  setCharge(turn, connectorId, { flow });
  if (flow.amps > 0 !== before.amps > 0) updateTransaction(turn, connectorId, "limit");
}

/**
 * Handles the confirmation of a transaction message: stores its 1.6 id, and ends the transaction of a refused tag.
 */
export function confirmed(turn: Turn, message: TransactionMessage, answer: JsonObject): void {
  noteNumber(turn, message, answer);
  const info = objectOf(answer, turn.dialect.verdictField);
  const status = info ? textOf(info, "status") : undefined;
  if (status === undefined || status === "Accepted" || status === "ConcurrentTx") return;
  const refused = Object.entries(turn.state.memory.charges).find(([, { id }]) => id === message.chargeId);
  if (!refused) return;
  const connectorId = Number(refused[0]);
  if (isSettingOn(turn.state, "StopTransactionOnInvalidId"))
    return endTransaction(turn, connectorId, "DeAuthorized");
  setCharge(turn, connectorId, { isRefused: true });
  reviewFlows(turn);
}

function noteNumber(turn: Turn, { action, chargeId }: TransactionMessage, answer: JsonObject): void {
  const { transactionIds } = turn.state.memory;
  const number = action === "StartTransaction" ? integerOf(answer, "transactionId") : undefined;
  if (number !== undefined) turn.remember({ transactionIds: { ...transactionIds, [chargeId]: number } });
}
