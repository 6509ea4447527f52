import type { ChargerSettings, SessionSnapshot, SettingState } from "../ports.ts";
import { PROFILE_SETTINGS } from "./desired.ts";
import type { SettingName } from "./desired.ts";
import { LEASE_MS } from "./profiles.ts";

/** Age at which a lease is renewed. */
export const RENEW_EVERY_MS = 10 * 60 * 1000;
/** Connections after which a value that needs a reboot is not checked any more. */
export const REBOOTS_MAX = 3;

/** What decides which settings have to be sent. */
export interface DueContext {
  settings: ChargerSettings;
  snapshot: Pick<SessionSnapshot, "version" | "firmwareVersion">;
  now: Date;
  /** True: a connection or boot started the run. */
  isReconnect: boolean;
}

type States = ChargerSettings["states"];

/** Whether a new connection of the station needs a settings run: a setting is pending or waits for a reboot. */
export function isOpen(states: Partial<Record<string, Pick<SettingState, "outcome" | "reboots">>>): boolean {
  return Object.values(states).some(
    (state) =>
      state?.outcome === "pending" || (state?.outcome === "reboot_required" && state.reboots < REBOOTS_MAX),
  );
}

/**
 * Which parts have to be sent. After a change of firmware or OCPP version all of them, because the station may take
 * them differently.
 */
export function isDue(context: DueContext): { interval: boolean; profiles: boolean } {
  const { settings } = context;
  const isOther = isOtherStation(context);
  const isAny = (names: readonly SettingName[]) =>
    names.some((name) => waits(settings.states, name, context.isReconnect)) ||
    (isOther && names.some((name) => settings.desired[name] !== undefined));
  return { interval: isAny(["meterValueInterval"]), profiles: isAny(PROFILE_SETTINGS) || endsSoon(context) };
}

/**
 * Whether a lease is old enough to be renewed. Stations write profiles to flash memory, so it is not renewed more
 * often than every ten minutes.
 */
export function endsSoon({ settings: { station }, now }: Pick<DueContext, "settings" | "now">): boolean {
  const { leaseUntilMs } = station;
  return leaseUntilMs !== undefined && leaseUntilMs - now.getTime() <= LEASE_MS - RENEW_EVERY_MS;
}

/** Whether firmware or OCPP version differ from those that the settings were applied for. */
export function isOtherStation({ settings: { station }, snapshot }: DueContext): boolean {
  if (station.version === undefined) return false;
  return station.version !== snapshot.version || (station.firmware ?? null) !== snapshot.firmwareVersion;
}

function waits(states: States, name: SettingName, isReconnect: boolean): boolean {
  const state = states[name];
  if (state?.outcome === "reboot_required") return isReconnect && state.reboots < REBOOTS_MAX;
  return state?.outcome === "pending";
}
