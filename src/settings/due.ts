import type { ChargerSettings, SessionSnapshot, SettingState } from "../ports.ts";
import { PROFILE_SETTINGS } from "./desired.ts";
import type { SettingName } from "./desired.ts";
import { LEASE_MS } from "./profiles.ts";

export const RENEW_EVERY_MS = 10 * 60 * 1000;
export const REBOOTS_MAX = 3;

export interface DueContext {
  settings: ChargerSettings;
  snapshot: Pick<SessionSnapshot, "version" | "firmwareVersion">;
  now: Date;
  isReconnect: boolean;
}

type States = ChargerSettings["states"];

/** True when a connection of the station has something to do: it is pending, or waits for a reboot. */
export function isOpen(states: Partial<Record<string, Pick<SettingState, "outcome" | "reboots">>>): boolean {
  return Object.values(states).some(
    (state) =>
      state?.outcome === "pending" || (state?.outcome === "reboot_required" && state.reboots < REBOOTS_MAX),
  );
}

/** Which parts have to be sent. New firmware or another OCPP version may answer everything differently. */
export function isDue(context: DueContext): { interval: boolean; profiles: boolean } {
  const { settings } = context;
  const isOther = isOtherStation(context);
  const isAny = (names: readonly SettingName[]) =>
    names.some((name) => waits(settings.states, name, context.isReconnect)) ||
    (isOther && names.some((name) => settings.desired[name] !== undefined));
  return { interval: isAny(["meterValueInterval"]), profiles: isAny(PROFILE_SETTINGS) || endsSoon(context) };
}

/** Ten minutes of the lease are over: profiles are written to flash, so it is not renewed more often. */
export function endsSoon({ settings: { station }, now }: Pick<DueContext, "settings" | "now">): boolean {
  const { leaseUntilMs } = station;
  return leaseUntilMs !== undefined && leaseUntilMs - now.getTime() <= LEASE_MS - RENEW_EVERY_MS;
}

export function isOtherStation({ settings: { station }, snapshot }: DueContext): boolean {
  if (station.version === undefined) return false;
  return station.version !== snapshot.version || (station.firmware ?? null) !== snapshot.firmwareVersion;
}

function waits(states: States, name: SettingName, isReconnect: boolean): boolean {
  const state = states[name];
  if (state?.outcome === "reboot_required") return isReconnect && state.reboots < REBOOTS_MAX;
  return state?.outcome === "pending";
}
