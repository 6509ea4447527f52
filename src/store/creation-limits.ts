import { LimitReached } from "../errors.ts";
import { SqlFailure } from "./sql-failure.ts";

/** Limits of an organisation that has no limits of its own. */
export interface CreationLimits {
  /** Most chargers that are not deleted, FAILED ones included. */
  chargers: number;
  /** Most batches that are not complete. */
  openJobs: number;
}

/** Default limits of a deployment. */
export const CREATION_LIMITS: CreationLimits = { chargers: 1_000_000, openJobs: 20 };

/** `Retry-After` of a refused batch: batches take seconds to minutes. */
const JOB_RETRY_AFTER_SECONDS = 5;

/**
 * Turns an error of `hold_chargers` or `charger_room` (schema.sql) into LimitReached; other errors are returned
 * unchanged.
 */
export function withLimits(error: unknown): unknown {
  if (!(error instanceof SqlFailure)) return error;
  const allowed = error.detail ?? "0";
  if (error.code === "ZL001")
    return new LimitReached(`Charger limit reached. Your organisation allows ${allowed} charger(s).`, null);
  if (error.code === "ZL002")
    return new LimitReached(
      `Open job limit reached. Your organisation allows ${allowed} open job(s).`,
      JOB_RETRY_AFTER_SECONDS,
    );
  return error;
}
