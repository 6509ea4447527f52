import {
  PERIODS_MAX,
  PROFILES_MAX,
  STACK_LEVEL_MAX,
  type ChargingProfile,
} from "../station/charging-profile.ts";
import { isOfflineTooLong } from "./limits.ts";
import { reviewFlows } from "./transactions.ts";
import type { Turn } from "../station/turn.ts";

/** Criteria of ClearChargingProfile; undefined: any. */
export interface ProfileCriteria {
  /** If given, all other criteria are ignored (1.6 errata 3.26). */
  readonly id: number | undefined;
  readonly connectorId: number | undefined;
  readonly purpose: ChargingProfile["purpose"] | undefined;
  readonly stackLevel: number | undefined;
}

/** Whether a profile can be installed; one for a transaction needs a running transaction. */
export function isInstallable(turn: Turn, profile: ChargingProfile): boolean {
  const { connectorId, purpose } = profile;
  const isRunning = turn.state.memory.charges[connectorId]?.stage === "charging";
  return (purpose !== "transaction" || isRunning) && isWithinLimits(turn, profile);
}

/** Whether a profile is within the station's limits, also for a transaction that has not begun. */
export function isWithinLimits(turn: Turn, profile: ChargingProfile): boolean {
  const { connectorId, purpose, stackLevel, periods } = profile;
  const { memory } = turn.state;
  if (connectorId < 0 || connectorId > turn.state.profile.connectors) return false;
  if (stackLevel < 0 || stackLevel > STACK_LEVEL_MAX) return false;
  if (periods.length < 1 || periods.length > PERIODS_MAX) return false;
  if (purpose === "max" && (connectorId !== 0 || profile.kind === "Relative")) return false;
  return others(memory.profiles, profile).length < PROFILES_MAX;
}

/** Installs a profile. It replaces one with the same id, and one with the same purpose, stack level and connector. */
export function installProfile(turn: Turn, profile: ChargingProfile): void {
  const { nowMs } = turn.around;
  const kept = others(turn.state.memory.profiles, profile).filter(
    ({ validToMs }) => validToMs === null || validToMs > nowMs,
  );
  turn.remember({ profiles: [...kept, profile] });
}

/** Removes profiles that match. True: there was one. */
export function clearProfiles(turn: Turn, criteria: ProfileCriteria): boolean {
  const { profiles } = turn.state.memory;
  const kept = profiles.filter((profile) => !isMeant(profile, criteria));
  if (kept.length === profiles.length) return false;
  turn.remember({ profiles: kept });
  return true;
}

/** Deletes profiles that ended with the connection (2.1); call when it is back. */
export function dropOfflineProfiles(turn: Turn): void {
  const { profiles } = turn.state.memory;
  const kept = profiles.filter(
    (each) => !each.endsWithOffline || !isOfflineTooLong(turn.state, each, turn.around.nowMs),
  );
  if (kept.length < profiles.length) turn.remember({ profiles: kept });
}

/** Call when the connection opens or closes: limits that depend on it are computed again. */
export function lineChanged(turn: Turn): void {
  if (Object.keys(turn.state.memory.charges).length > 0) reviewFlows(turn);
}

function others(
  profiles: readonly ChargingProfile[],
  { id, connectorId, purpose, stackLevel }: ChargingProfile,
) {
  const isSamePlace = (each: ChargingProfile) =>
    each.connectorId === connectorId && each.purpose === purpose && each.stackLevel === stackLevel;
  return profiles.filter((each) => each.id !== id && !isSamePlace(each));
}

function isMeant(
  profile: ChargingProfile,
  { id, connectorId, purpose, stackLevel }: ProfileCriteria,
): boolean {
  if (id !== undefined) return profile.id === id;
  return (
    (connectorId === undefined || profile.connectorId === connectorId) &&
    (purpose === undefined || profile.purpose === purpose) &&
    (stackLevel === undefined || profile.stackLevel === stackLevel)
  );
}
