import type { CommandAnswer } from "../ocpp/commands.ts";
import { isJsonObject } from "../ocpp/json.ts";
import type { JsonObject, JsonValue } from "../ocpp/json.ts";
import type { OcppVersion } from "../ocpp/version.ts";

export const INTERVAL_KEY = "MeterValueSampleInterval";
export const ALIGNED_KEY = "ClockAlignedDataInterval";
const FEATURES_KEY = "SupportedFeatureProfiles";
const STACK_KEY = "ChargeProfileMaxStackLevel";
const UNIT_KEY = "ChargingScheduleAllowedChargingRateUnit";
const PROFILES_KEY = "MaxChargingProfilesInstalled";
const SWITCH_PHASES_KEY = "ConnectorSwitch3to1PhaseSupported";
const CHOOSE_PHASE_KEY = "SmartChargingCtrlr.ACPhaseSwitchingSupported";
const ENDS_OFFLINE_KEY = "SmartChargingCtrlr.SupportsFeature[MaxOfflineDuration]";

/** What a station reports before anything is written; null: not reported. */
export interface StationReport {
  intervalSeconds: number | null;
  alignedSeconds: number | null;
  /** False only if the station reports that it has no smart charging. */
  hasSmartCharging: boolean;
  maxStackLevel: number | null;
  maxProfiles: number | null;
  /** Whether it can switch from three phases to one during a transaction. */
  canSwitchPhases: boolean;
  canChoosePhase: boolean;
  endsOffline: boolean;
}

/** Configuration keys to read before settings are applied. */
export function reportKeys(version: OcppVersion): string[] {
  const shared = [INTERVAL_KEY, ALIGNED_KEY, STACK_KEY, UNIT_KEY, SWITCH_PHASES_KEY];
  if (version === "ocpp1.6") return [...shared, FEATURES_KEY, PROFILES_KEY];
  const keys = [...shared, CHOOSE_PHASE_KEY];
  return version === "ocpp2.1" ? [...keys, ENDS_OFFLINE_KEY] : keys;
}

/** Reads the report. A station that did not report gets the settings sent, and its answers decide. */
export function readReport(answer: CommandAnswer | null): StationReport {
  const entries = answer?.kind === "configuration" ? answer.configurationKey : [];
  const text = (key: string) =>
    entries.find((entry) => entry.key.toLowerCase() === key.toLowerCase())?.value ?? null;
  const features = text(FEATURES_KEY);
  const units = text(UNIT_KEY);
  const speaksOfCharging = features === null || /SmartCharging/i.test(features);
  return {
    intervalSeconds: wholeNumber(text(INTERVAL_KEY)),
    alignedSeconds: wholeNumber(text(ALIGNED_KEY)),
    hasSmartCharging: speaksOfCharging && (units === null || knowsAmperes(units)),
    maxStackLevel: wholeNumber(text(STACK_KEY)),
    maxProfiles: wholeNumber(text(PROFILES_KEY)),
    canSwitchPhases: isTrue(text(SWITCH_PHASES_KEY)),
    canChoosePhase: isTrue(text(CHOOSE_PHASE_KEY)),
    endsOffline: isTrue(text(ENDS_OFFLINE_KEY)),
  };
}

/** Result of GetCompositeSchedule: what the station says is in force. */
export interface CompositeReport {
  limitA: number;
  phases: number | null;
}

/** Highest limit of the schedule in A; null: none reported, or only in W. */
export function compositeReport(answer: CommandAnswer, version: OcppVersion): CompositeReport | null {
  if (answer.kind !== "payload" || answer.payload.status !== "Accepted") return null;
  const schedule = answer.payload[version === "ocpp1.6" ? "chargingSchedule" : "schedule"];
  if (!isObject(schedule)) return null;
  const { chargingRateUnit, chargingSchedulePeriod } = schedule;
  if (chargingRateUnit !== "A" || !Array.isArray(chargingSchedulePeriod)) return null;
  const found = chargingSchedulePeriod.flatMap((period) =>
    isJsonObject(period) && typeof period.limit === "number"
      ? [
          {
            limitA: period.limit,
            phases: typeof period.numberPhases === "number" ? period.numberPhases : null,
          },
        ]
      : [],
  );
  return found.toSorted((a, b) => b.limitA - a.limitA)[0] ?? null;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return value !== undefined && isJsonObject(value);
}

function knowsAmperes(units: string): boolean {
  return units.split(",").some((unit) => /^\s*(a|current)\s*$/i.test(unit));
}

function isTrue(text: string | null): boolean {
  return text?.trim().toLowerCase() === "true";
}

function wholeNumber(text: string | null): number | null {
  return text !== null && /^\s*\d+\s*$/.test(text) ? Number(text) : null;
}
