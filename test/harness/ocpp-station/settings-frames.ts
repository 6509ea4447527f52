import { expect } from "vitest";
import type { OcppVersion } from "../../../src/ocpp/version.ts";
import type { Sent } from "./settings-station.ts";

type Payload = Record<string, unknown>;

/** Maximum 16 A on three phases, minimum 6 A; without a connection 10 A on phase 2; an interval of 900 s. */
export const ALL_SIX = {
  maxChargeCurrent: 16,
  maxChargePhases: 3,
  minChargeCurrent: 6,
  offlineChargeCurrent: 10,
  offlineChargePhase: 2,
  meterValueInterval: 900,
};

const startOfDay = () => `${new Date().toISOString().slice(0, 10)}T00:00:00Z`;
const schedule = (given: Payload, period: Payload) => ({
  startSchedule: startOfDay(),
  chargingRateUnit: "A",
  ...given,
  chargingSchedulePeriod: [{ startPeriod: 0, ...period }],
});
const ONLINE = { limit: 16, numberPhases: 3 };
const LEASE = { validTo: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) };

/** The exact charging profile of each layer on each version. */
function profileOf(version: OcppVersion, id: 9001 | 9002 | 9003): Payload {
  const station = version === "ocpp1.6" ? "ChargePointMaxProfile" : "ChargingStationMaxProfile";
  const offline = { limit: 10, numberPhases: 1, ...(version === "ocpp1.6" ? {} : { phaseToUse: 2 }) };
  const rule = version === "ocpp2.1" ? { maxOfflineDuration: 0 } : LEASE;
  const layers = {
    9001: { stackLevel: 0, purpose: station, rule: {}, schedule: schedule({ minChargingRate: 6 }, ONLINE) },
    9002: { stackLevel: 0, purpose: "TxDefaultProfile", rule: {}, schedule: schedule({}, offline) },
    9003: {
      stackLevel: 1,
      purpose: "TxDefaultProfile",
      rule,
      schedule: schedule({ minChargingRate: 6 }, ONLINE),
    },
  };
  const layer = layers[id];
  return {
    [version === "ocpp1.6" ? "chargingProfileId" : "id"]: id,
    stackLevel: layer.stackLevel,
    chargingProfilePurpose: layer.purpose,
    chargingProfileKind: "Absolute",
    ...layer.rule,
    chargingSchedule: version === "ocpp1.6" ? layer.schedule : [{ id: 1, ...layer.schedule }],
  };
}

export function profileFrame(version: OcppVersion, id: 9001 | 9002 | 9003): Sent {
  const profile = profileOf(version, id);
  const params =
    version === "ocpp1.6"
      ? { connectorId: 0, csChargingProfiles: profile }
      : { evseId: 0, chargingProfile: profile };
  return { action: "SetChargingProfile", params };
}

export function removalFrame(version: OcppVersion, id: number): Sent {
  const params = version === "ocpp1.6" ? { id } : { chargingProfileId: id };
  return { action: "ClearChargingProfile", params };
}

export function intervalFrame(version: OcppVersion, seconds: number): Sent {
  const component = { name: "SampledDataCtrlr" };
  const variable = { name: "TxUpdatedInterval" };
  return version === "ocpp1.6"
    ? {
        action: "ChangeConfiguration",
        params: { key: "MeterValueSampleInterval", value: String(seconds) },
      }
    : {
        action: "SetVariables",
        params: { setVariableData: [{ component, variable, attributeValue: String(seconds) }] },
      };
}

export function compositeFrame(version: OcppVersion, id: number): Sent {
  const asked = { duration: 60, chargingRateUnit: "A" };
  const params = version === "ocpp1.6" ? { connectorId: id, ...asked } : { evseId: id, ...asked };
  return { action: "GetCompositeSchedule", params };
}
