import type { JsonObject } from "../../ocpp/json.ts";
import type { ChargingProfile } from "../station/charging-profile.ts";
import { composite } from "../charging/composite.ts";
import { incomplete } from "../line/inbound.ts";
import { clearProfiles, installProfile, isInstallable } from "../charging/profiles.ts";
import { readKind, readSchedule } from "../charging/read-schedule.ts";
import { integerOf, objectOf, textOf, timeOf } from "../station/read.ts";
import { reviewFlows } from "../charging/transactions.ts";
import type { InboundHandler } from "../station/turn.ts";

const PURPOSES: Readonly<Record<string, ChargingProfile["purpose"]>> = {
  ChargePointMaxProfile: "max",
  TxDefaultProfile: "default",
  TxProfile: "transaction",
};

/** SetChargingProfile (OCPP 1.6 §5.16). */
export const setChargingProfile: InboundHandler = (turn, payload) => {
  const connectorId = integerOf(payload, "connectorId");
  const given = objectOf(payload, "csChargingProfiles");
  if (connectorId === undefined) return incomplete(payload, "connectorId", "integer");
  if (!given) return incomplete(payload, "csChargingProfiles", "object");
  const profile = readProfile(given, connectorId);
  if (!profile || !isInstallable(turn, profile)) return { result: { status: "Rejected" } };
  const number = integerOf(given, "transactionId");
  const running = turn.state.memory.charges[connectorId]?.id;
  const isOther = number !== undefined && running !== undefined;
  if (isOther && turn.state.memory.transactionIds[running] !== number)
    return { result: { status: "Rejected" } };
  installProfile(turn, profile);
  return { result: { status: "Accepted" }, after: reviewFlows };
};

/** ClearChargingProfile (OCPP 1.6 §5.5). */
export const clearChargingProfile: InboundHandler = (turn, payload) => {
  const purpose = PURPOSES[textOf(payload, "chargingProfilePurpose") ?? ""];
  const wasThere = clearProfiles(turn, {
    id: integerOf(payload, "id"),
    connectorId: integerOf(payload, "connectorId"),
    purpose,
    stackLevel: integerOf(payload, "stackLevel"),
  });
  return { result: { status: wasThere ? "Accepted" : "Unknown" }, after: reviewFlows };
};

/** GetCompositeSchedule (OCPP 1.6 §5.7). */
export const getCompositeSchedule: InboundHandler = (turn, payload) => {
  const connectorId = integerOf(payload, "connectorId");
  const duration = integerOf(payload, "duration");
  if (connectorId === undefined) return incomplete(payload, "connectorId", "integer");
  if (duration === undefined) return incomplete(payload, "duration", "integer");
  const unit = textOf(payload, "chargingRateUnit") === "W" ? "W" : "A";
  const periods = composite(turn, connectorId, duration, unit);
  if (!periods) return { result: { status: "Rejected" } };
  const scheduleStart = turn.now();
  const chargingSchedulePeriod = periods.map(({ phaseToUse: _unknown, ...period }) => period);
  const chargingSchedule = {
    duration,
    startSchedule: scheduleStart,
    chargingRateUnit: unit,
    chargingSchedulePeriod,
  };
  return { result: { status: "Accepted", connectorId, scheduleStart, chargingSchedule } };
};

/** Reads a charging profile; null: invalid. */
export function readProfile(given: JsonObject, connectorId: number): ChargingProfile | null {
  const id = integerOf(given, "chargingProfileId");
  const stackLevel = integerOf(given, "stackLevel");
  const purpose = PURPOSES[textOf(given, "chargingProfilePurpose") ?? ""];
  const kind = readKind(given);
  const schedule = readSchedule(objectOf(given, "chargingSchedule") ?? {});
  if (id === undefined || stackLevel === undefined || !purpose || !kind || !schedule) return null;
  return {
    id,
    connectorId,
    purpose,
    stackLevel,
    ...kind,
    ...schedule,
    validFromMs: timeOf(given, "validFrom") ?? null,
    validToMs: timeOf(given, "validTo") ?? null,
    offlineMaxSeconds: null,
    endsWithOffline: false,
  };
}
