import {
  PERIODS_MAX,
  PROFILES_MAX,
  STACK_LEVEL_MAX,
  type ChargingProfile,
} from "../station/charging-profile.ts";
import { isOfflineTooLong } from "./limits.ts";
import { reviewFlows } from "./transactions.ts";
import type { Turn } from "../station/turn.ts";

export interface ProfileCriteria {
  /** Given: everything else is ignored (1.6 errata 3.26). */
  readonly id: number | undefined;
  readonly connectorId: number | undefined;
  readonly purpose: ChargingProfile["purpose"] | undefined;
  readonly stackLevel: number | undefined;
}

/** Whether a station takes this profile; a transaction's profile needs a transaction that runs. */
export function isInstallable(turn: Turn, profile: ChargingProfile): boolean {
  const { connectorId, purpose } = profile;
  const isRunning = turn.state.memory.charges[connectorId]?.stage === "charging";
  return (purpose !== "transaction" || isRunning) && isWithinLimits(turn, profile);
}

/** Whether a profile is one that this station can hold, also for a transaction that is still to come. */
export function isWithinLimits(turn: Turn, profile: ChargingProfile): boolean {
  const { connectorId, purpose, stackLevel, periods } = profile;
  const { memory } = turn.state;
  if (connectorId < 0 || connectorId > turn.state.profile.connectors) return false;
  if (stackLevel < 0 || stackLevel > STACK_LEVEL_MAX) return false;
  if (periods.length < 1 || periods.length > PERIODS_MAX) return false;
  if (purpose === "max" && (connectorId !== 0 || profile.kind === "Relative")) return false;
  return others(memory.profiles, profile).length < PROFILES_MAX;
}

/** Replaces the profile with the same id, and the one in the same place. */
export function installProfile(turn: Turn, profile: ChargingProfile): void {
  const { nowMs } = turn.around;
  const kept = others(turn.state.memory.profiles, profile).filter(
    ({ validToMs }) => validToMs === null || validToMs > nowMs,
  );
  turn.remember({ profiles: [...kept, profile] });
}

/** Whether there was one. */
export function clearProfiles(turn: Turn, criteria: ProfileCriteria): boolean {
  const { profiles } = turn.state.memory;
  const kept = profiles.filter((profile) => !isMeant(profile, criteria));
  if (kept.length === profiles.length) return false;
  turn.remember({ profiles: kept });
  return true;
}

/** Profiles that end for good with a long time without a line are gone when it is back (2.1). */
export function dropOfflineProfiles(turn: Turn): void {
  const { profiles } = turn.state.memory;
  const kept = profiles.filter(
    (each) => !each.endsWithOffline || !isOfflineTooLong(turn.state, each, turn.around.nowMs),
  );
  if (kept.length < profiles.length) turn.remember({ profiles: kept });
}

/** The line came or went: what depends on it is looked at again. */
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
