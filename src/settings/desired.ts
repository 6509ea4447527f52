/**
 * Names of the six settings of a charger. They are desired state: stored first, brought to the station when it is
 * connected.
 */
export const SETTING_NAMES = [
  "maxChargeCurrent",
  "maxChargePhases",
  "minChargeCurrent",
  "offlineChargeCurrent",
  "offlineChargePhase",
  "meterValueInterval",
] as const;
export type SettingName = (typeof SETTING_NAMES)[number];

/**
 * Desired values. Currents in A, the interval in seconds. `offlineChargeCurrent` -1 and `offlineChargePhase` 0 leave
 * the choice to the station; `offlineChargePhase` is a bit mask (1, 2, 4: one phase, 7: all). Absent: never set.
 */
export type DesiredSettings = Partial<Record<SettingName, number>>;

/** Settings that become charging profiles; the interval is a configuration key. */
export const PROFILE_SETTINGS = SETTING_NAMES.filter((name) => name !== "meterValueInterval");
