/** The six properties of a charger that are desired state: stored first, brought to the station when it is there. */
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
 * Currents in A, the interval in seconds. `offlineChargeCurrent` -1 and `offlineChargePhase` 0 leave the choice to the
 * station; phases of the offline layer are a bit mask (1, 2, 4 = one phase, 7 = all). Absent: never set.
 */
export type DesiredSettings = Partial<Record<SettingName, number>>;

/** The settings that are said with charging profiles; the interval is a configuration value. */
export const PROFILE_SETTINGS = SETTING_NAMES.filter((name) => name !== "meterValueInterval");
