export interface ProfilePeriod {
  readonly startSeconds: number;
  /** In the profile's unit; A is per phase. */
  readonly limit: number;
  readonly phases: number | null;
  /** 2.x: which phase a single-phase charge takes, 1 to 3. */
  readonly phaseToUse: number | null;
}

/** A charging profile, read the same from every version. */
export interface ChargingProfile {
  readonly id: number;
  /** 0: the station, for `default` every connector. */
  readonly connectorId: number;
  readonly purpose: "max" | "default" | "transaction";
  readonly stackLevel: number;
  readonly kind: "Absolute" | "Recurring" | "Relative";
  readonly recurrency: "Daily" | "Weekly" | null;
  readonly validFromMs: number | null;
  readonly validToMs: number | null;
  /** 2.1: how long it holds without a line; null for ever. */
  readonly offlineMaxSeconds: number | null;
  /** 2.1: it does not come back with the line. */
  readonly endsWithOffline: boolean;
  /** 2.x: the name of its one schedule. */
  readonly scheduleId?: number;
  readonly unit: "A" | "W";
  /** Null: from the start of the transaction. */
  readonly startMs: number | null;
  readonly durationSeconds: number | null;
  readonly periods: readonly ProfilePeriod[];
}

/** All but those of the transaction at a connector, which end with it. */
export function withoutTransaction(
  profiles: readonly ChargingProfile[],
  connectorId: number,
): ChargingProfile[] {
  return profiles.filter((each) => each.purpose !== "transaction" || each.connectorId !== connectorId);
}

export const PROFILES_MAX = 20;
export const STACK_LEVEL_MAX = 9;
export const PERIODS_MAX = 24;
