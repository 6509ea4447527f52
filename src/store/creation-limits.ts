import { LimitReached } from "../errors.ts";
import { SqlFailure } from "./sql-failure.ts";

/** Of an organisation that has no limits of its own. */
export interface CreationLimits {
  /** Most chargers that are not deleted, FAILED ones included. */
  chargers: number;
  /** Most batches that are not complete. */
  openJobs: number;
}

export const CREATION_LIMITS: CreationLimits = { chargers: 1_000_000, openJobs: 20 };

/** A batch is done in seconds to minutes. */
const JOB_RETRY_AFTER_SECONDS = 5;

/** What a statement was refused for by `hold_chargers` or `charger_room` of the schema; every other error as it is. */
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
