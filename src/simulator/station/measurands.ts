/** What the meter of a simulated station measures. */
export const MEASURANDS = [
  "Energy.Active.Import.Register",
  "Power.Active.Import",
  "Current.Import",
  "Voltage",
  "SoC",
] as const;

export type Measurand = (typeof MEASURANDS)[number];

/** Why a value was measured, as OCPP spells it. */
export type ReadingContext =
  | "Sample.Periodic"
  | "Sample.Clock"
  | "Trigger"
  | "Transaction.Begin"
  | "Transaction.End";

/** One measured value; `phase` as in OCPP. */
export interface Reading {
  readonly measurand: Measurand;
  readonly value: number;
  readonly unit: "Wh" | "W" | "A" | "V" | "Percent";
  readonly phase: string | null;
}
