import type { JsonObject } from "../../ocpp/json.ts";
import { call } from "../line/calls.ts";
import type { ChargingProfile } from "../station/charging-profile.ts";
import { incomplete } from "../line/inbound.ts";
import { integerOf, listOf, objectOf, textOf } from "../station/read.ts";
import type { Turn, InboundHandler } from "../station/turn.ts";
import { PURPOSES } from "./charging-profile.ts";

/** Source of all profiles: the central system. */
const SOURCE = "CSO";

/** GetChargingProfiles (K09): one report per EVSE with matching profiles; 0: the station. */
export const getChargingProfiles: InboundHandler = (turn, payload) => {
  const requestId = integerOf(payload, "requestId");
  const criteria = objectOf(payload, "chargingProfile");
  if (requestId === undefined) return incomplete(payload, "requestId", "integer");
  if (!criteria) return incomplete(payload, "chargingProfile", "object");
  const evseId = integerOf(payload, "evseId");
  const found = turn.state.memory.profiles.filter(
    (profile) => (evseId === undefined || profile.connectorId === evseId) && isMeant(profile, criteria),
  );
  if (found.length === 0) return { result: { status: "NoProfiles" } };
  return { result: { status: "Accepted" }, after: (answered) => report(answered, requestId, found) };
};

function isMeant({ id, purpose, stackLevel }: ChargingProfile, criteria: JsonObject): boolean {
  const wanted = textOf(criteria, "chargingProfilePurpose");
  return (
    (listOf(criteria, "chargingProfileId")?.includes(id) ?? true) &&
    (listOf(criteria, "chargingLimitSource")?.includes(SOURCE) ?? true) &&
    (wanted === undefined || PURPOSES[wanted] === purpose) &&
    (integerOf(criteria, "stackLevel") ?? stackLevel) === stackLevel
  );
}

function report(turn: Turn, requestId: number, profiles: readonly ChargingProfile[]): void {
  const evseIds = [...new Set(profiles.map(({ connectorId }) => connectorId))].sort((a, b) => a - b);
  for (const [index, evseId] of evseIds.entries()) {
    const ofEvse = profiles.filter(({ connectorId }) => connectorId === evseId);
    const payload = {
      requestId,
      chargingLimitSource: SOURCE,
      evseId,
      tbc: index < evseIds.length - 1,
      chargingProfile: ofEvse.map((profile) => written(turn, profile)),
    };
    call(turn, "ReportChargingProfiles", payload, { triggered: true });
  }
}

function written(turn: Turn, profile: ChargingProfile): JsonObject {
  const { id, connectorId, purpose, stackLevel, kind, recurrency, validFromMs, validToMs } = profile;
  const word = Object.keys(PURPOSES).find((name) => PURPOSES[name] === purpose) ?? purpose;
  const charge = turn.state.memory.charges[connectorId];
  return {
    id,
    stackLevel,
    chargingProfilePurpose: word,
    chargingProfileKind: kind,
    ...(recurrency !== null && { recurrencyKind: recurrency }),
    ...(validFromMs !== null && { validFrom: dateTime(validFromMs) }),
    ...(validToMs !== null && { validTo: dateTime(validToMs) }),
    ...(purpose === "transaction" && charge && { transactionId: charge.id }),
    ...(profile.offlineMaxSeconds !== null && { maxOfflineDuration: profile.offlineMaxSeconds }),
    ...(profile.endsWithOffline && { invalidAfterOfflineDuration: true }),
    chargingSchedule: [schedule(profile)],
  };
}

function schedule({ id, scheduleId, unit, startMs, durationSeconds, periods }: ChargingProfile): JsonObject {
  return {
    id: scheduleId ?? id,
    chargingRateUnit: unit,
    ...(startMs !== null && { startSchedule: dateTime(startMs) }),
    ...(durationSeconds !== null && { duration: durationSeconds }),
    chargingSchedulePeriod: periods.map(({ startSeconds, limit, phases, phaseToUse }) => ({
      startPeriod: startSeconds,
      limit,
      ...(phases !== null && { numberPhases: phases }),
      ...(phaseToUse !== null && { phaseToUse }),
    })),
  };
}

function dateTime(atMs: number): string {
  return new Date(atMs).toISOString();
}
