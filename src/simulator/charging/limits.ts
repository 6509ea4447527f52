import type { ChargingProfile, ProfilePeriod } from "../station/charging-profile.ts";
import type { StationState } from "../station/state.ts";

export const VOLTAGE_V = 230;
/** Minimum charging current (IEC 61851-1). */
const AMPS_MIN = 6;
const SINGLE_PHASE_MAX_W = 7_400;
const DAY_MS = 86_400_000;
const PERIOD_MS = { Daily: DAY_MS, Weekly: 7 * DAY_MS } as const;

/** Limit of a connector: A per phase and number of phases. */
export interface Limit {
  readonly amps: number;
  readonly phases: number;
  readonly phaseToUse: number | null;
}

/** Limit of the station's hardware. */
function hardwareLimit({ profile }: StationState): Limit {
  const phases = profile.maxPowerW > SINGLE_PHASE_MAX_W ? 3 : 1;
  return { amps: round(profile.maxPowerW / (VOLTAGE_V * phases)), phases, phaseToUse: null };
}

/**
 * Limit of a connector: the profile of its transaction, otherwise the default profile, at most the profile of the
 * station (OCPP 1.6 §3.13.2, 2.x K01.FR.38 and following). Of several valid profiles the highest stack level is used.
 */
export function limitAt(state: StationState, connectorId: number, atMs: number): Limit {
  const hardware = hardwareLimit(state);
  const charge = state.memory.charges[connectorId];
  const isRunning = charge?.stage === "charging";
  const own =
    (isRunning ? ruling(state, "transaction", connectorId, atMs) : null) ??
    ruling(state, "default", connectorId, atMs);
  const station = ruling(state, "max", connectorId, atMs);
  return [own, station].reduce<Limit>((limit, rule) => (rule ? tighter(limit, rule) : limit), hardware);
}

/** Limit of the whole station: its profile, otherwise the sum of its connectors. */
export function stationLimitAt(state: StationState, atMs: number): Limit {
  const limits = Array.from({ length: state.profile.connectors }, (_, index) =>
    limitAt(state, index + 1, atMs),
  );
  const sum = limits.reduce((amps, limit) => amps + limit.amps, 0);
  const phases = Math.max(...limits.map((limit) => limit.phases));
  const together: Limit = { amps: sum, phases, phaseToUse: null };
  const station = ruling(state, "max", 0, atMs);
  return station ? tighter(together, station) : together;
}

/** Current of a car under its limit. Charging cars share the station's profile equally. */
export function flowAt(state: StationState, connectorId: number, atMs: number) {
  const limit = limitAt(state, connectorId, atMs);
  const station = ruling(state, "max", 0, atMs);
  const charging = Object.values(state.memory.charges).filter(({ stage }) => stage === "charging").length;
  const share = station ? station.amps / Math.max(1, charging) : limit.amps;
  const amps = round(Math.min(limit.amps, share));
  const isRefused = state.memory.charges[connectorId]?.isRefused ?? false;
  if (isRefused || amps < AMPS_MIN || limit.phases < 1) return { amps: 0, phases: 0, firstPhase: 1 };
  return { amps, phases: limit.phases, firstPhase: limit.phases === 1 ? (limit.phaseToUse ?? 1) : 1 };
}

/** Next time at which a limit may change, epoch ms; null: only by a command. */
export function nextChangeMs(state: StationState, afterMs: number): number | null {
  const times = state.memory.profiles.flatMap((profile) => changesOf(state, profile, afterMs));
  const later = times.filter((atMs) => atMs > afterMs);
  return later.length > 0 ? Math.min(...later) : null;
}

function changesOf(state: StationState, profile: ChargingProfile, nowMs: number): number[] {
  const { validFromMs, validToMs, offlineMaxSeconds, durationSeconds } = profile;
  const startMs = scheduleStart(state, profile, nowMs);
  const offlineEndMs =
    state.offlineSinceMs !== null && offlineMaxSeconds !== null
      ? [state.offlineSinceMs + offlineMaxSeconds * 1_000]
      : [];
  const ownMs = startMs === null ? [] : profile.periods.map((each) => startMs + each.startSeconds * 1_000);
  const endMs = startMs === null || durationSeconds === null ? [] : [startMs + durationSeconds * 1_000];
  const againMs = startMs !== null && profile.recurrency ? [startMs + PERIOD_MS[profile.recurrency]] : [];
  const bounds = [validFromMs, validToMs].filter((atMs) => atMs !== null);
  return [...bounds, ...offlineEndMs, ...ownMs, ...endMs, ...againMs];
}

/** Valid profile with the highest stack level; at the same level that of the connector. */
function ruling(
  state: StationState,
  purpose: ChargingProfile["purpose"],
  connectorId: number,
  atMs: number,
): Limit | null {
  const candidates = state.memory.profiles
    .filter((each) => each.purpose === purpose)
    .filter((each) => each.connectorId === 0 || each.connectorId === connectorId)
    .filter((each) => isValid(state, each, atMs))
    .sort((a, b) => b.stackLevel - a.stackLevel || b.connectorId - a.connectorId);
  for (const candidate of candidates) {
    const period = periodAt(state, candidate, connectorId, atMs);
    if (period) return inAmps(candidate.unit, period, hardwareLimit(state).phases);
  }
  return null;
}

function isValid(state: StationState, profile: ChargingProfile, atMs: number): boolean {
  const { validFromMs, validToMs } = profile;
  if (validFromMs !== null && atMs < validFromMs) return false;
  if (validToMs !== null && atMs >= validToMs) return false;
  return !isOfflineTooLong(state, profile, atMs);
}

export function isOfflineTooLong(state: StationState, profile: ChargingProfile, atMs: number): boolean {
  if (state.offlineSinceMs === null || profile.offlineMaxSeconds === null) return false;
  return atMs >= state.offlineSinceMs + profile.offlineMaxSeconds * 1_000;
}

function periodAt(
  state: StationState,
  profile: ChargingProfile,
  connectorId: number,
  atMs: number,
): ProfilePeriod | null {
  const startMs = scheduleStart(state, profile, atMs, connectorId);
  if (startMs === null || atMs < startMs) return null;
  const seconds = (atMs - startMs) / 1_000;
  if (profile.durationSeconds !== null && seconds >= profile.durationSeconds) return null;
  return profile.periods.findLast((each) => each.startSeconds <= seconds) ?? null;
}

/** Start of a schedule: a relative one starts with its transaction, a recurring one every day or week. */
function scheduleStart(
  state: StationState,
  profile: ChargingProfile,
  atMs: number,
  connectorId = profile.connectorId,
): number | null {
  const charge = state.memory.charges[connectorId];
  const begunMs = charge?.stage === "charging" ? charge.startedAtMs : null;
  if (profile.kind === "Relative") return begunMs;
  const startMs = profile.startMs ?? begunMs ?? 0;
  if (profile.kind === "Absolute" || profile.recurrency === null) return startMs;
  const everyMs = PERIOD_MS[profile.recurrency];
  return startMs + Math.floor((atMs - startMs) / everyMs) * everyMs;
}

function inAmps(unit: "A" | "W", period: ProfilePeriod, hardwarePhases: number): Limit {
  const phases = Math.min(period.phases ?? 3, hardwarePhases);
  const amps = unit === "A" ? period.limit : period.limit / (VOLTAGE_V * Math.max(1, phases));
  return { amps: round(amps), phases, phaseToUse: period.phaseToUse };
}

function tighter(one: Limit, other: Limit): Limit {
  return {
    amps: Math.min(one.amps, other.amps),
    phases: Math.min(one.phases, other.phases),
    phaseToUse: other.phaseToUse ?? one.phaseToUse,
  };
}

/** Rounds down to one decimal, so that no limit is exceeded. */
function round(amps: number): number {
  return Math.floor(amps * 10 + 1e-6) / 10;
}
