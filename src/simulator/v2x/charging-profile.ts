import { isJsonObject, type JsonObject } from "../../ocpp/json.ts";
import type { OcppVersion } from "../../ocpp/version.ts";
import type { ChargingProfile } from "../station/charging-profile.ts";
import { composite } from "../charging/composite.ts";
import { incomplete } from "../line/inbound.ts";
import { clearProfiles, installProfile, isInstallable } from "../charging/profiles.ts";
import { readKind, readSchedule } from "../charging/read-schedule.ts";
import { flagOf, integerOf, listOf, objectOf, textOf, timeOf } from "../station/read.ts";
import { reviewFlows } from "../charging/transactions.ts";
import type { InboundHandler } from "../station/turn.ts";

export const PURPOSES: Readonly<Record<string, ChargingProfile["purpose"]>> = {
  ChargingStationMaxProfile: "max",
  TxDefaultProfile: "default",
  TxProfile: "transaction",
};

/** SetChargingProfile (K01). */
export const setChargingProfile: InboundHandler = (turn, payload) => {
  const evseId = integerOf(payload, "evseId");
  const given = objectOf(payload, "chargingProfile");
  if (evseId === undefined) return incomplete(payload, "evseId", "integer");
  if (!given) return incomplete(payload, "chargingProfile", "object");
  const profile = readProfile(given, evseId, turn.version);
  if (!profile || !isInstallable(turn, profile)) return refused("InvalidProfile");
  const transactionId = textOf(given, "transactionId");
  const running = turn.state.memory.charges[evseId]?.id;
  if (profile.purpose === "transaction" && transactionId !== running) return refused("TxNotFound");
  if (isTaken(turn.state.memory.profiles, profile)) return refused("DuplicateProfile");
  installProfile(turn, profile);
  return { result: { status: "Accepted" }, after: reviewFlows };
};

/** ClearChargingProfile (K10). */
export const clearChargingProfile: InboundHandler = (turn, payload) => {
  const criteria = objectOf(payload, "chargingProfileCriteria") ?? {};
  const wasThere = clearProfiles(turn, {
    id: integerOf(payload, "chargingProfileId"),
    connectorId: integerOf(criteria, "evseId"),
    purpose: PURPOSES[textOf(criteria, "chargingProfilePurpose") ?? ""],
    stackLevel: integerOf(criteria, "stackLevel"),
  });
  return { result: { status: wasThere ? "Accepted" : "Unknown" }, after: reviewFlows };
};

/** GetCompositeSchedule (K08). */
export const getCompositeSchedule: InboundHandler = (turn, payload) => {
  const evseId = integerOf(payload, "evseId");
  const duration = integerOf(payload, "duration");
  if (evseId === undefined) return incomplete(payload, "evseId", "integer");
  if (duration === undefined) return incomplete(payload, "duration", "integer");
  const chargingRateUnit = textOf(payload, "chargingRateUnit") === "W" ? "W" : "A";
  const chargingSchedulePeriod = composite(turn, evseId, duration, chargingRateUnit);
  if (!chargingSchedulePeriod) return { result: { status: "Rejected" } };
  const schedule = {
    evseId,
    duration,
    scheduleStart: turn.now(),
    chargingRateUnit,
    chargingSchedulePeriod: chargingSchedulePeriod.map((period) => ({ ...period })),
  };
  return { result: { status: "Accepted", schedule } };
};

/** Reads a charging profile; null: invalid. Only one schedule is accepted (K01.FR.34). */
export function readProfile(
  given: JsonObject,
  connectorId: number,
  version: OcppVersion,
): ChargingProfile | null {
  const id = integerOf(given, "id");
  const stackLevel = integerOf(given, "stackLevel");
  const purpose = PURPOSES[textOf(given, "chargingProfilePurpose") ?? ""];
  const kind = readKind(given);
  const [only, ...more] = listOf(given, "chargingSchedule") ?? [];
  const schedule = isJsonObject(only) && more.length === 0 ? readSchedule(only) : null;
  const scheduleId = isJsonObject(only) ? integerOf(only, "id") : undefined;
  if (id === undefined || stackLevel === undefined || !purpose || !kind || !schedule) return null;
  // K01.FR.40: Absolute and Recurring profiles need a start.
  if (kind.kind !== "Relative" && schedule.startMs === null) return null;
  return {
    id,
    connectorId,
    purpose,
    stackLevel,
    ...kind,
    ...schedule,
    ...(scheduleId !== undefined && { scheduleId }),
    validFromMs: timeOf(given, "validFrom") ?? null,
    validToMs: timeOf(given, "validTo") ?? null,
    ...(version === "ocpp2.1" ? readOffline(given) : { offlineMaxSeconds: null, endsWithOffline: false }),
  };
}

/** Fields for a lost connection, 2.1 only. */
function readOffline(given: JsonObject) {
  return {
    offlineMaxSeconds: integerOf(given, "maxOfflineDuration") ?? null,
    endsWithOffline: flagOf(given, "invalidAfterOfflineDuration") ?? false,
  };
}

/** K01.FR.52, FR.53: the station and an EVSE cannot both have a default profile of the same stack level. */
function isTaken(profiles: readonly ChargingProfile[], profile: ChargingProfile): boolean {
  const { id, connectorId, purpose, stackLevel } = profile;
  if (purpose !== "default") return false;
  return profiles.some(
    (each) =>
      each.id !== id &&
      each.purpose === purpose &&
      each.stackLevel === stackLevel &&
      (each.connectorId === 0) !== (connectorId === 0),
  );
}

function refused(reasonCode: string) {
  return { result: { status: "Rejected", statusInfo: { reasonCode } } };
}
