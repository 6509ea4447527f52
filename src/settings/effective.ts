import type { DesiredSettings, SettingName } from "./desired.ts";

const MIN_CHARGE_CURRENT_A = 6;
const MAX_CHARGE_CURRENT_A = 32;
const OFFLINE_PHASES: Record<number, number> = { 1: 1, 2: 1, 4: 1, 7: 3 };
const PHASE_TO_USE: Record<number, number> = { 1: 1, 2: 2, 4: 3 };

/** Desired values in the terms of OCPP. Currents in A with at most one decimal. */
export interface EffectiveSettings {
  minA: number;
  onlineLimitA: number;
  /** Undefined: the station decides. */
  onlinePhases: number | undefined;
  /** True: a different limit or number of phases is wanted without a connection. */
  isOfflineSet: boolean;
  offlineLimitA: number;
  offlinePhases: number | undefined;
  /** Phase to use, for OCPP 2.x only. */
  offlinePhaseToUse: number | undefined;
}

/** Rounds a current in A down to one decimal, the precision of an OCPP limit. */
export function floorTenth(currentA: number): number {
  const tenths = Math.floor(currentA * 10 + 1e-6);
  return tenths / 10 > currentA ? (tenths - 1) / 10 : tenths / 10;
}

/** Current that is allocated, in A: rounded down, and 0 if it is below the minimum then. */
export function allocated(currentA: number, minA: number): number {
  const roundedA = floorTenth(currentA);
  return roundedA < minA ? 0 : roundedA;
}

/** Converts desired values; values that were never set get defaults. */
export function effectiveSettings(desired: DesiredSettings): EffectiveSettings {
  const minA = desired.minChargeCurrent ?? MIN_CHARGE_CURRENT_A;
  const onlineLimitA = allocated(desired.maxChargeCurrent ?? MAX_CHARGE_CURRENT_A, minA);
  const offlineCurrentA = desired.offlineChargeCurrent ?? -1;
  const phase = desired.offlineChargePhase ?? 0;
  return {
    minA,
    onlineLimitA,
    onlinePhases: desired.maxChargePhases,
    isOfflineSet: offlineCurrentA >= 0 || phase !== 0,
    offlineLimitA: allocated(offlineCurrentA >= 0 ? offlineCurrentA : onlineLimitA, minA),
    offlinePhases: OFFLINE_PHASES[phase],
    offlinePhaseToUse: PHASE_TO_USE[phase],
  };
}

/** Value of one setting as it is sent; null: never set. `offlineChargePhase` becomes a number of phases. */
export function effectiveValue(name: SettingName, desired: DesiredSettings): number | null {
  const value = desired[name];
  if (value === undefined) return null;
  const effective = effectiveSettings(desired);
  switch (name) {
    case "maxChargeCurrent":
      return effective.onlineLimitA;
    case "offlineChargeCurrent":
      return value < 0 ? value : effective.offlineLimitA;
    case "offlineChargePhase":
      return effective.offlinePhases ?? 0;
    case "minChargeCurrent":
      return floorTenth(value);
    default:
      return value;
  }
}
