import { isJsonObject, type JsonObject } from "../../ocpp/json.ts";
import type { ChargingProfile, ProfilePeriod } from "../station/charging-profile.ts";
import { integerOf, listOf, numberOf, textOf, timeOf } from "../station/read.ts";

type Kind = Pick<ChargingProfile, "kind" | "recurrency">;
type Schedule = Pick<ChargingProfile, "unit" | "startMs" | "durationSeconds" | "periods">;

/** Kind and recurrence of a profile; null: unknown kind. */
export function readKind(profile: JsonObject): Kind | null {
  const kind = textOf(profile, "chargingProfileKind");
  const recurrency = textOf(profile, "recurrencyKind");
  if (kind === "Absolute" || kind === "Relative") return { kind, recurrency: null };
  const isKnown = kind === "Recurring" && (recurrency === "Daily" || recurrency === "Weekly");
  return isKnown ? { kind, recurrency } : null;
}

/**
 * Reads a charging schedule, which is the same in every version. Null: a period has no limit, or the first does not
 * start at 0.
 */
export function readSchedule(schedule: JsonObject): Schedule | null {
  const unit = textOf(schedule, "chargingRateUnit");
  const periods = (listOf(schedule, "chargingSchedulePeriod") ?? []).map(readPeriod);
  const known = periods.filter((period) => period !== null);
  if ((unit !== "A" && unit !== "W") || known.length < periods.length) return null;
  if (known[0]?.startSeconds !== 0) return null;
  return {
    unit,
    startMs: timeOf(schedule, "startSchedule") ?? null,
    durationSeconds: integerOf(schedule, "duration") ?? null,
    periods: known.sort((a, b) => a.startSeconds - b.startSeconds),
  };
}

function readPeriod(period: unknown): ProfilePeriod | null {
  if (!isJsonObject(period)) return null;
  const startSeconds = integerOf(period, "startPeriod");
  const limit = numberOf(period, "limit");
  if (startSeconds === undefined || limit === undefined || limit < 0) return null;
  const phases = integerOf(period, "numberPhases") ?? null;
  return { startSeconds, limit, phases, phaseToUse: integerOf(period, "phaseToUse") ?? null };
}
