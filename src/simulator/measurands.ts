/** What the meter of a simulated station measures. */
export const MEASURANDS = [
  "Energy.Active.Import.Register",
  "Power.Active.Import",
  "Current.Import",
  "Voltage",
] as const;

export type Measurand = (typeof MEASURANDS)[number];
