export interface ProfilePeriod {
  readonly startSeconds: number;
  /** In the unit of the profile; A per phase. */
  readonly limit: number;
  readonly phases: number | null;
  /** Phase of a single-phase charge, 1 to 3; 2.x only. */
  readonly phaseToUse: number | null;
}

/** A charging profile, independent of the OCPP version. */
export interface ChargingProfile {
  readonly id: number;
  /** 0: the station; with purpose `default` every connector. */
  readonly connectorId: number;
  readonly purpose: "max" | "default" | "transaction";
  readonly stackLevel: number;
  readonly kind: "Absolute" | "Recurring" | "Relative";
  readonly recurrency: "Daily" | "Weekly" | null;
  readonly validFromMs: number | null;
  readonly validToMs: number | null;
  /** Seconds that it stays valid without a connection (2.1); null: unlimited. */
  readonly offlineMaxSeconds: number | null;
  /** True: it is deleted when it becomes invalid without a connection (2.1). */
  readonly endsWithOffline: boolean;
  /** Id of its schedule, 2.x. */
  readonly scheduleId?: number;
  readonly unit: "A" | "W";
  /** Start, epoch ms; null: relative to the start of the transaction. */
  readonly startMs: number | null;
  readonly durationSeconds: number | null;
  readonly periods: readonly ProfilePeriod[];
}

/** Profiles without those of the transaction on a connector, which end with it. */
export function withoutTransaction(
  profiles: readonly ChargingProfile[],
  connectorId: number,
): ChargingProfile[] {
  return profiles.filter((each) => each.purpose !== "transaction" || each.connectorId !== connectorId);
}

export const PROFILES_MAX = 20;
export const STACK_LEVEL_MAX = 9;
export const PERIODS_MAX = 24;
