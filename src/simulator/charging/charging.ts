import { call, type CallEnd } from "../line/calls.ts";
import { NO_FLOW, type Charge, type IdToken } from "../station/charge.ts";
import { withoutTransaction, type ChargingProfile } from "../station/charging-profile.ts";
import { reportStatuses } from "./connectors.ts";
import { localVerdict } from "./local-list.ts";
import { objectOf, textOf } from "../station/read.ts";
import { isSettingOn, settingNumber } from "../station/setting-value.ts";
import { isInService, statusOf, type OutstandingCall } from "../station/state.ts";
import { startSampling } from "./sampling.ts";
import { installProfile, isWithinLimits } from "./profiles.ts";
import {
  beginTransaction,
  catchUp,
  chargingConnectors,
  endAllTransactions,
  endTransaction,
  setCharge,
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

/** Handles the timer of a connector: the cable is plugged in, an answer is overdue, or the car leaves. */
export function progress(turn: Turn, connectorId: number): void {
  switch (turn.state.memory.charges[connectorId]?.stage) {
    case "preparing":
      return pluggedIn(turn, connectorId);
    case "authorizing":
    case "finishing":
      return leave(turn, connectorId);
  }
}

export function authorizeAnswered(turn: Turn, how: CallEnd, plan: OutstandingCall): void {
  const { connectorId } = plan;
  if (connectorId === null || turn.state.memory.charges[connectorId]?.stage !== "authorizing") return;
  turn.clearTimer(`connector ${connectorId}`);
  const info = how.kind === "result" && objectOf(how.payload, turn.dialect.verdictField);
  if (info && textOf(info, "status") === "Accepted") begin(turn, connectorId);
  else leave(turn, connectorId);
}

/** Unplugs the car of a connector. */
export function leave(turn: Turn, connectorId: number): void {
  const { [connectorId]: gone, ...charges } = turn.state.memory.charges;
  if (!gone) return;
  turn.clearTimer(`connector ${connectorId}`);
  const profiles = withoutTransaction(turn.state.memory.profiles, connectorId);
  turn.remember({ charges, profiles });
  catchUp(turn);
  reportStatuses(turn);
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
    if (stage === "charging") startSampling(turn);
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
  const { nowMs } = turn.around;
  const { memory } = turn.state;
  const reservation = memory.reservations.find((each) => each.connectorId === connectorId);
  const charge = {
    stage: "preparing",
    id: turn.around.messageId(),
    token,
    remoteStartId,
    reservationId: reservation?.id ?? null,
    startedAtMs: nowMs,
    meterStartWh: 0,
    seqNo: 0,
    flow: NO_FLOW,
    meteredAtMs: nowMs,
  } as const;
  turn.remember({
    charges: { ...memory.charges, [connectorId]: charge },
    reservations: memory.reservations.filter((each) => each !== reservation),
  });
  if (profile) installProfile(turn, { ...profile, connectorId });
  reportStatuses(turn);
  setTimerOf(turn, connectorId);
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

function pluggedIn(turn: Turn, connectorId: number): void {
  const charge = turn.state.memory.charges[connectorId];
  if (!charge) return;
  const isOverdue = turn.around.nowMs - charge.startedAtMs >= patienceMs(turn);
  if (isOverdue || !mayBegin(turn, connectorId)) return leave(turn, connectorId);
  const isTrusted =
    isSettingOn(turn.state, "LocalPreAuthorize") && localVerdict(turn, charge.token.idToken) === "Accepted";
  if (!isSettingOn(turn.state, "AuthorizeRemoteTxRequests") || isTrusted) return begin(turn, connectorId);
  setCharge(turn, connectorId, { stage: "authorizing" });
  // Frees the connector if the answer was lost with its connection.
  turn.setTimer(`connector ${connectorId}`, 2 * settingNumber(turn.state, "MessageTimeout") * 1_000);
  call(turn, "Authorize", turn.dialect.authorize(charge.token), { connectorId });
}

function begin(turn: Turn, connectorId: number): void {
  if (!mayBegin(turn, connectorId)) return leave(turn, connectorId);
  beginTransaction(turn, connectorId);
  // All cars share one timer, which is running already if another car charges.
  if (chargingConnectors(turn).length === 1) startSampling(turn);
}

/** Whether a transaction may still begin: a command may have changed the connector since the start was accepted. */
function mayBegin({ state }: Turn, connectorId: number): boolean {
  return state.restartReason === null && isInService(state.memory, connectorId);
}

/** A connector that is available, or reserved for this token; null: none. */
function freeConnector(turn: Turn, { connectorId, token }: RemoteStart): number | null {
  const { profile, memory, registration, restartReason, resetWhenIdle } = turn.state;
  if (registration !== "accepted" || restartReason !== null || resetWhenIdle !== null) return null;
  const all = Array.from({ length: profile.connectors }, (_, index) => index + 1);
  const candidates = connectorId === null ? all : all.filter((id) => id === connectorId);
  const isFree = (id: number) => {
    const status = statusOf(memory, id);
    if (status === "Available") return memory.scheduled[id] ?? memory.scheduled[0] ?? true;
    const mine = memory.reservations.find((each) => each.connectorId === id);
    return status === "Reserved" && mine?.idToken.toLowerCase() === token.idToken.toLowerCase();
  };
  return candidates.find(isFree) ?? null;
}
