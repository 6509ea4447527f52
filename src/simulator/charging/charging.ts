import { call, type CallEnd } from "../line/calls.ts";
import type { Car } from "../station/car.ts";
import { NO_FLOW, type Charge, type IdToken } from "../station/charge.ts";
import { withoutTransaction, type ChargingProfile } from "../station/charging-profile.ts";
import { reportStatuses } from "./connectors.ts";
import { groupOf, isAcceptedOffline, isTrusted, rememberVerdict } from "./authorization.ts";
import { isDc } from "./meter.ts";
import { objectOf, textOf } from "../station/read.ts";
import { isSettingOn, settingNumber } from "../station/setting-value.ts";
import { faultOf, isInService, type OutstandingCall } from "../station/state.ts";
import { startSampling } from "./sampling.ts";
import { installProfile, isWithinLimits } from "./profiles.ts";
import {
  beginTransaction,
  catchUp,
  chargingConnectors,
  endAllTransactions,
  endTransaction,
  setCharge,
  awaitDeparture,
  watchCharge,
} from "./transactions.ts";
import type { Turn, Answer } from "../station/turn.ts";

const PLUG_IN_MS = { low: 1_000, high: 2_000 };

/** A validated remote start. */
export interface RemoteStart {
  /** Null: any free connector. */
  readonly connectorId: number | null;
  readonly token: IdToken;
  readonly remoteStartId: number | null;
  readonly profile: ChargingProfile | null;
}

/** Handles a remote start. Accepted means that the station will try; the driver plugs in a moment later. */
export function remoteStart(turn: Turn, request: RemoteStart): Answer {
  const connectorId = freeConnector(turn, request);
  const { profile } = request;
  const isFine = connectorId !== null && (!profile || isWithinLimits(turn, { ...profile, connectorId }));
  if (!isFine) return { result: { status: "Rejected" } };
  return { result: { status: "Accepted" }, after: (answered) => invite(answered, connectorId, request) };
}

/** Handles a remote stop: ends the running transaction that matches; Rejected if none does. */
export function remoteStop(turn: Turn, isMeant: (charge: Charge) => boolean): Answer {
  const { charges } = turn.state.memory;
  const connectorId = chargingConnectors(turn).find((id) => charges[id] && isMeant(charges[id]));
  if (connectorId === undefined) return { result: { status: "Rejected" } };
  return {
    result: { status: "Accepted" },
    after: (answered) => endTransaction(answered, connectorId, "Remote"),
  };
}

/** Handles the timer of a connector: the driver arrives, an answer is overdue, or the car leaves. */
export function progress(turn: Turn, connectorId: number): void {
  switch (turn.state.memory.charges[connectorId]?.stage) {
    case "preparing":
      return driverArrived(turn, connectorId);
    case "authorizing":
    case "finishing":
      return leave(turn, connectorId);
  }
}

export function authorizeAnswered(turn: Turn, how: CallEnd, plan: OutstandingCall): void {
  const { connectorId } = plan;
  if (how.kind === "result") rememberVerdict(turn, plan.payload, how.payload);
  if (connectorId === null || turn.state.memory.charges[connectorId]?.stage !== "authorizing") return;
  turn.clearTimer(`connector ${connectorId}`);
  const info = how.kind === "result" && objectOf(how.payload, turn.dialect.verdictField);
  if (info && textOf(info, "status") === "Accepted") begin(turn, connectorId);
  else leave(turn, connectorId);
}

/** Ends the charge of a connector: the car leaves, unless it was plugged in by a command. */
export function leave(turn: Turn, connectorId: number): void {
  const { [connectorId]: gone, ...charges } = turn.state.memory.charges;
  if (!gone) return;
  turn.clearTimer(`connector ${connectorId}`);
  const { [connectorId]: car, ...otherCars } = turn.state.memory.cars;
  const profiles = withoutTransaction(turn.state.memory.profiles, connectorId);
  turn.remember({ charges, profiles, ...(car && !car.stays && { cars: otherCars }) });
  catchUp(turn);
  reportStatuses(turn);
}

/** Plugs a new car in, unless there is one. Its battery is between 10 % and 60 % full. */
export function plugIn(turn: Turn, connectorId: number, stays: boolean): void {
  const { cars } = turn.state.memory;
  if (cars[connectorId]) return;
  const { maxPowerW } = turn.state.profile;
  const capacityWh = Math.round(turn.between(40_000, 100_000));
  const car: Car = {
    capacityWh,
    storedWh: Math.round(capacityWh * turn.between(0.1, 0.6)),
    // A battery takes up to twice its capacity per hour; an AC charger in the car is slower than that.
    maxW: isDc(turn.state) ? Math.min(maxPowerW, 2 * capacityWh) : maxPowerW,
    isIdle: false,
    stays,
  };
  turn.remember({ cars: { ...cars, [connectorId]: car } });
}

/** Unplugs the car of a connector; a running transaction ends first. False: there is none. */
export function unplug(turn: Turn, connectorId: number): boolean {
  const { cars, charges } = turn.state.memory;
  if (!cars[connectorId] && !charges[connectorId]) return false;
  endTransaction(turn, connectorId, "EVDisconnected");
  const { [connectorId]: _gone, ...others } = turn.state.memory.cars;
  turn.remember({ cars: others });
  leave(turn, connectorId);
  reportStatuses(turn);
  return true;
}

/** Removes cars without a running transaction from a station that restarts. */
export function leaveUnlessCharging(turn: Turn): void {
  for (const [key, { stage }] of Object.entries(turn.state.memory.charges)) {
    if (stage !== "charging") leave(turn, Number(key));
  }
}

/** Restores the timers of cars after a restart of the host. */
export function resumeCharges(turn: Turn): void {
  for (const [key, { stage }] of Object.entries(turn.state.memory.charges)) {
    if (stage === "charging") {
      startSampling(turn);
      watchCharge(turn, Number(key));
    } else if (stage === "finishing") awaitDeparture(turn, Number(key));
    else setTimerOf(turn, Number(key));
  }
}

/** Ends all transactions after a power cut and removes waiting cars. */
export function endCharges(turn: Turn): void {
  leaveUnlessCharging(turn);
  endAllTransactions(turn, "PowerLoss");
}

function invite(turn: Turn, connectorId: number, request: RemoteStart): void {
  const { token, remoteStartId, profile } = request;
  admit(turn, connectorId, { token, remoteStartId });
  if (profile) installProfile(turn, { ...profile, connectorId });
  if (turn.state.memory.cars[connectorId]) return driverArrived(turn, connectorId);
  reportStatuses(turn);
  setTimerOf(turn, connectorId);
}

/** Gives a free connector to a driver, who has the reservation of it if there is one. */
export function admit(
  turn: Turn,
  connectorId: number,
  driver: Pick<Charge, "token"> & Partial<Charge>,
): void {
  const { nowMs } = turn.around;
  const { memory } = turn.state;
  const reservation = memory.reservations.find((each) => each.connectorId === connectorId);
  const charge: Charge = {
    stage: "preparing",
    id: turn.around.messageId(),
    remoteStartId: null,
    reservationId: reservation?.id ?? null,
    startedAtMs: nowMs,
    meterStartWh: 0,
    seqNo: 0,
    flow: NO_FLOW,
    meteredAtMs: nowMs,
    ...driver,
  };
  turn.clearTimer(`connector ${connectorId}`);
  turn.remember({
    charges: { ...memory.charges, [connectorId]: charge },
    reservations: memory.reservations.filter((each) => each !== reservation),
  });
}

/** Sets the timer of a connector. A driver who would plug in too late does not start. */
function setTimerOf(turn: Turn, connectorId: number): void {
  const arrivalMs = turn.between(PLUG_IN_MS.low, PLUG_IN_MS.high);
  turn.setTimer(`connector ${connectorId}`, Math.min(arrivalMs, patienceMs(turn)));
}

/** How long the station waits for the cable, in ms (1.6 ConnectionTimeOut, 2.x EVConnectionTimeOut); 0: unlimited. */
function patienceMs(turn: Turn): number {
  return settingNumber(turn.state, "ConnectionTimeOut") * 1_000 || Number.POSITIVE_INFINITY;
}

function driverArrived(turn: Turn, connectorId: number): void {
  const charge = turn.state.memory.charges[connectorId];
  if (!charge) return;
  const isOverdue = turn.around.nowMs - charge.startedAtMs >= patienceMs(turn);
  if (isOverdue || !mayBegin(turn, connectorId)) return leave(turn, connectorId);
  plugIn(turn, connectorId, false);
  const asks = isSettingOn(turn.state, "AuthorizeRemoteTxRequests");
  if (!asks || isTrusted(turn, charge.token.idToken)) return begin(turn, connectorId);
  askForToken(turn, connectorId, charge.token);
}

/** A driver who stands at a plugged-in connector presents a card. */
export function presentCard(turn: Turn, connectorId: number): void {
  const charge = turn.state.memory.charges[connectorId];
  if (!charge) return;
  const { idToken } = charge.token;
  const isOnline = turn.state.link === "up";
  if (isOnline ? isTrusted(turn, idToken) : isAcceptedOffline(turn, idToken)) begin(turn, connectorId);
  else if (isOnline) askForToken(turn, connectorId, charge.token);
  else leave(turn, connectorId);
}

function askForToken(turn: Turn, connectorId: number, token: IdToken): void {
  setCharge(turn, connectorId, { stage: "authorizing" });
  // Frees the connector if the answer was lost with its connection.
  turn.setTimer(`connector ${connectorId}`, 2 * settingNumber(turn.state, "MessageTimeout") * 1_000);
  reportStatuses(turn);
  call(turn, "Authorize", turn.dialect.authorize(token), { connectorId });
}

export function begin(turn: Turn, connectorId: number): void {
  if (!mayBegin(turn, connectorId)) return leave(turn, connectorId);
  turn.clearTimer(`connector ${connectorId}`);
  beginTransaction(turn, connectorId);
  // All cars share one timer, which is running already if another car charges.
  if (chargingConnectors(turn).length === 1) startSampling(turn);
}

/** Whether a transaction may still begin: a command may have changed the connector since the start was accepted. */
function mayBegin({ state }: Turn, connectorId: number): boolean {
  const isInOrder = isInService(state.memory, connectorId) && !faultOf(state.memory, connectorId);
  return state.restartReason === null && isInOrder;
}

/** A connector that is free for this token; null: none. */
function freeConnector(turn: Turn, { connectorId, token }: RemoteStart): number | null {
  const { profile, registration, restartReason, resetWhenIdle } = turn.state;
  if (registration !== "accepted" || restartReason !== null || resetWhenIdle !== null) return null;
  const all = Array.from({ length: profile.connectors }, (_, index) => index + 1);
  const candidates = connectorId === null ? all : all.filter((id) => id === connectorId);
  return candidates.find((id) => isFreeFor(turn, id, token.idToken)) ?? null;
}

/**
 * Whether a driver may charge at a connector: nobody else does, it is in order, and it is not reserved for another
 * token or group.
 */
export function isFreeFor(turn: Turn, connectorId: number, idToken: string): boolean {
  const { memory } = turn.state;
  const charge = memory.charges[connectorId];
  // A car that stays after its transaction may charge again.
  const isTaken = charge && (charge.stage !== "finishing" || !memory.cars[connectorId]?.stays);
  if (isTaken || faultOf(memory, connectorId) || !isInService(memory, connectorId)) return false;
  const mine = memory.reservations.find((each) => each.connectorId === connectorId);
  if (!mine) return memory.scheduled[connectorId] ?? memory.scheduled[0] ?? true;
  const isHolder = mine.idToken.toLowerCase() === idToken.toLowerCase();
  return isHolder || (mine.group !== undefined && groupOf(turn, idToken) === mine.group);
}
