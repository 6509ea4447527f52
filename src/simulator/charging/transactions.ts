import type { JsonObject } from "../../ocpp/json.ts";
import { applyScheduled, isOccupied } from "./availability.ts";
import { rememberVerdict } from "./authorization.ts";
import { post } from "../line/backlog.ts";
import { type Car, powerAt, timeOfEnd, timeOfEnergy } from "../station/car.ts";
import {
  type Charge,
  type ChargingState,
  type EndReason,
  NO_FLOW,
  type TransactionMessage,
  type UpdateReason,
} from "../station/charge.ts";
import { withoutTransaction } from "../station/charging-profile.ts";
import { reportStatuses } from "./connectors.ts";
import { flowAt, nextChangeMs } from "./limits.ts";
import { restartSoon } from "../line/line.ts";
import { curveOf, deliveredWh, meterReading, settleMeter } from "./meter.ts";
import { integerOf, objectOf, textOf } from "../station/read.ts";
import { isSettingOn } from "../station/setting-value.ts";
import { stateOf } from "../station/state.ts";
import type { Turn } from "../station/turn.ts";

const UNPLUG_MS = { low: 1_000, high: 2_000 };
/** A limit counts as reached this close to it. */
const WH_TOLERANCE = 0.001;
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
    drawsSinceMs: nowMs,
    meterStartWh: meterReading(turn, connectorId),
    flow: NO_FLOW,
  });
  setCharge(turn, connectorId, { flow: flowAt(turn.state, connectorId, nowMs) });
  setCharge(turn, connectorId, { state: currentState(turn, connectorId) });
  const charge = turn.state.memory.charges[connectorId];
  if (!charge) return;
  setCharge(turn, connectorId, { seqNo: charge.seqNo + 1 });
  post(turn, turn.dialect.started(turn, connectorId, charge), charge.id, false);
  watchCharge(turn, connectorId);
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
  turn.clearTimer(`charge ${connectorId}`);
  awaitDeparture(turn, connectorId);
  catchUp(turn);
  reviewFlows(turn);
  if (chargingConnectors(turn).length === 0) turn.clearTimer("meter");
}

/** Sets the timer after which the car of an ended charge leaves; one that was plugged in by a command stays. */
export function awaitDeparture(turn: Turn, connectorId: number): void {
  if (turn.state.memory.cars[connectorId]?.stays) return;
  turn.setTimer(`connector ${connectorId}`, turn.between(UNPLUG_MS.low, UNPLUG_MS.high));
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
  if (!isSame) {
    settleMeter(turn, connectorId);
    setCharge(turn, connectorId, { flow });
  }
  if (noteState(turn, connectorId) || !isSame) watchCharge(turn, connectorId);
}

/** Changes the car of a connector; its energy so far was drawn by the car as it was. */
export function setCar(turn: Turn, connectorId: number, part: Partial<Car>): void {
  settleMeter(turn, connectorId);
  const car = turn.state.memory.cars[connectorId];
  if (car) turn.remember({ cars: { ...turn.state.memory.cars, [connectorId]: { ...car, ...part } } });
  if (turn.state.memory.charges[connectorId]?.stage !== "charging") return;
  noteState(turn, connectorId);
  watchCharge(turn, connectorId);
  reportStatuses(turn);
}

/** Handles the timer of a running transaction: it has reached its limit, or the battery is full. */
export function chargeDue(turn: Turn, connectorId: number): void {
  const charge = turn.state.memory.charges[connectorId];
  if (charge?.stage !== "charging") return;
  const { lastsMs = null, untilWh = null, startedAtMs } = charge;
  if (lastsMs !== null && turn.around.nowMs >= startedAtMs + lastsMs)
    return endTransaction(turn, connectorId, "TimeLimitReached");
  if (untilWh !== null && deliveredWh(turn, connectorId) >= untilWh - WH_TOLERANCE)
    return endTransaction(turn, connectorId, "EnergyLimitReached");
  noteState(turn, connectorId);
  watchCharge(turn, connectorId);
  reportStatuses(turn);
}

/** Sets the timer of a running transaction for its limit or for a full battery, also after a restart of the host. */
export function watchCharge(turn: Turn, connectorId: number): void {
  const charge = turn.state.memory.charges[connectorId];
  const curve = curveOf(turn, connectorId);
  if (!charge || !curve) return;
  const { lastsMs = null, untilWh = null, startedAtMs, meteredAtMs, meterStartWh } = charge;
  const restWh =
    untilWh === null ? null : untilWh + meterStartWh - (turn.state.memory.metersWh[connectorId] ?? 0);
  const fullMs = stateOf(charge) === "Charging" ? timeOfEnd(curve) : null;
  const limitMs = restWh === null ? null : timeOfEnergy(curve, Math.max(0, restWh));
  const endMs = lastsMs === null ? null : startedAtMs + lastsMs;
  const times = [endMs, limitMs, fullMs].filter((atMs) => atMs !== null);
  if (times.length === 0) return turn.clearTimer(`charge ${connectorId}`);
  turn.setTimerAhead(`charge ${connectorId}`, Math.ceil(Math.max(meteredAtMs, Math.min(...times))));
}

/** Stores and reports a change between charging and suspended. True: there was one. */
function noteState(turn: Turn, connectorId: number): boolean {
  const charge = turn.state.memory.charges[connectorId];
  if (charge?.stage !== "charging") return false;
  const state = currentState(turn, connectorId);
  if (state === stateOf(charge)) return false;
  settleMeter(turn, connectorId);
  setCharge(turn, connectorId, { state, ...(state === "Charging" && { drawsSinceMs: turn.around.nowMs }) });
  updateTransaction(turn, connectorId, "limit");
  return true;
}

/** A station that offers no energy comes before a car that takes none. */
function currentState(turn: Turn, connectorId: number): ChargingState {
  const amps = turn.state.memory.charges[connectorId]?.flow.amps ?? 0;
  if (amps <= 0) return "SuspendedEVSE";
  return powerAt(curveOf(turn, connectorId) ?? [], turn.around.nowMs) > 0 ? "Charging" : "SuspendedEV";
}

/**
 * Handles the confirmation of a transaction message: stores its 1.6 id, and ends the transaction of a refused tag.
 */
export function confirmed(turn: Turn, message: TransactionMessage, answer: JsonObject): void {
  noteNumber(turn, message, answer);
  rememberVerdict(turn, message.payload, answer);
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
