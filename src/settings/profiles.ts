import type { JsonObject } from "../ocpp/json.ts";
import type { OcppVersion } from "../ocpp/version.ts";
import { floorTenth } from "./effective.ts";
import type { EffectiveSettings } from "./effective.ts";

/** Profile ids. They are fixed, so that setting a profile again replaces it and clearing it is idempotent. */
export const PROFILE_IDS = { max: 9001, offline: 9002, online: 9003 } as const;
/** Maximum, limit without a connection, limit with a connection. */
export type LayerName = keyof typeof PROFILE_IDS;

/** Duration of a lease. */
export const LEASE_MS = 30 * 60 * 1000;

/** Properties of a station that decide how profiles are written. */
export interface ProfileTarget {
  version: OcppVersion;
  /**
   * Several connectors: each gets a default profile, because the maximum profile limits the sum of all connectors.
   */
  isMulti: boolean;
  /** OCPP 2.1: the station can end a profile itself when it goes offline. */
  endsOffline: boolean;
  /** OCPP 2.x: a profile can choose the phase (K01.FR.19, FR.20). */
  canChoosePhase: boolean;
}

/** One limit without its times. Equal layers are not sent again. */
export interface Layer {
  name: LayerName;
  purpose: "max" | "txDefault";
  stackLevel: number;
  limitA: number;
  phases?: number;
  phaseToUse?: number;
  minA?: number;
  isLease?: true;
  endsOffline?: true;
}

export type Layers = Partial<Record<LayerName, Layer>>;

/** Profiles that the station should have; an absent layer should not exist. */
export function layersOf(
  effective: EffectiveSettings,
  target: ProfileTarget,
  needs: { limitSet: boolean },
): Layers {
  const online = {
    limitA: effective.onlineLimitA,
    ...(effective.onlinePhases === undefined ? {} : { phases: effective.onlinePhases }),
    minA: floorTenth(effective.minA),
  };
  if (!effective.isOfflineSet)
    return needs.limitSet
      ? {
          max: { name: "max", purpose: target.isMulti ? "txDefault" : "max", stackLevel: 0, ...online },
        }
      : {};
  const phaseToUse = target.canChoosePhase ? effective.offlinePhaseToUse : undefined;
  return {
    offline: {
      name: "offline",
      purpose: "txDefault",
      stackLevel: 0,
      limitA: effective.offlineLimitA,
      ...(effective.offlinePhases === undefined ? {} : { phases: effective.offlinePhases }),
      ...(phaseToUse === undefined ? {} : { phaseToUse }),
    },
    online: {
      name: "online",
      purpose: "txDefault",
      stackLevel: 1,
      ...online,
      ...(target.endsOffline ? { endsOffline: true } : { isLease: true }),
    },
  };
}

/** Payload of SetChargingProfile for the whole station (OCPP 1.6 §5.16, 2.x K01). */
export function profilePayload(layer: Layer, version: OcppVersion, now: Date): JsonObject {
  return version === "ocpp1.6" ? payloadV16(layer, now) : payloadV2x(layer, now);
}

/** Payload of ClearChargingProfile for a layer. */
export function clearPayload(name: LayerName, version: OcppVersion): JsonObject {
  return version === "ocpp1.6" ? { id: PROFILE_IDS[name] } : { chargingProfileId: PROFILE_IDS[name] };
}

function payloadV16(layer: Layer, now: Date): JsonObject {
  return {
    connectorId: 0,
    csChargingProfiles: {
      chargingProfileId: PROFILE_IDS[layer.name],
      stackLevel: layer.stackLevel,
      chargingProfilePurpose: layer.purpose === "max" ? "ChargePointMaxProfile" : "TxDefaultProfile",
      chargingProfileKind: "Absolute",
      ...validity(layer, now),
      chargingSchedule: schedule(layer, now),
    },
  };
}

function payloadV2x(layer: Layer, now: Date): JsonObject {
  return {
    evseId: 0,
    chargingProfile: {
      id: PROFILE_IDS[layer.name],
      stackLevel: layer.stackLevel,
      chargingProfilePurpose: layer.purpose === "max" ? "ChargingStationMaxProfile" : "TxDefaultProfile",
      chargingProfileKind: "Absolute",
      ...validity(layer, now),
      ...(layer.endsOffline ? { maxOfflineDuration: 0 } : {}),
      chargingSchedule: [{ id: 1, ...schedule(layer, now) }],
    },
  };
}

/** Start and end of a profile; a leased profile has an end. */
export function validity(layer: Layer, now: Date): JsonObject {
  return layer.isLease ? { validTo: seconds(new Date(now.getTime() + LEASE_MS)) } : {};
}

/** ChargingSchedule of a layer; limits in A. */
export function schedule({ limitA, phases, phaseToUse, minA }: Layer, now: Date): JsonObject {
  return {
    startSchedule: startOfDay(now),
    chargingRateUnit: "A",
    ...(minA === undefined ? {} : { minChargingRate: minA }),
    chargingSchedulePeriod: [
      {
        startPeriod: 0,
        limit: limitA,
        ...(phases === undefined ? {} : { numberPhases: phases }),
        ...(phaseToUse === undefined ? {} : { phaseToUse }),
      },
    ],
  };
}

/** Start of the current day: in the past, so that the limit is in force at once. */
function startOfDay(now: Date): string {
  return `${now.toISOString().slice(0, 10)}T00:00:00Z`;
}

function seconds(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
