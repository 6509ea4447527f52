import type { JsonObject } from "../ocpp/json.ts";
import type { OcppVersion } from "../ocpp/version.ts";
import { floorTenth } from "./effective.ts";
import type { EffectiveSettings } from "./effective.ts";

/** Fixed, so that setting a profile again replaces it and clearing it twice does no harm. */
export const PROFILE_IDS = { max: 9001, offline: 9002, online: 9003 } as const;
export type LayerName = keyof typeof PROFILE_IDS;

export const LEASE_MS = 30 * 60 * 1000;

/** What is known of the station and decides how profiles are written. */
export interface ProfileTarget {
  version: OcppVersion;
  /** The maximum profile of a station limits all connectors together: with several, each gets a default profile. */
  isMulti: boolean;
  /** OCPP 2.1: the station itself ends a profile when it goes offline. */
  endsOffline: boolean;
  /** OCPP 2.x: the phase can be chosen (K01.FR.19, FR.20). */
  canChoosePhase: boolean;
}

/** One layer before it is dated: equal layers need not be sent again. */
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

/** The profiles a station shall hold, by layer; those that are absent must not exist. */
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

/** A profile that is leased ends by itself. */
export function validity(layer: Layer, now: Date): JsonObject {
  return layer.isLease ? { validTo: seconds(new Date(now.getTime() + LEASE_MS)) } : {};
}

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

/** In the past, so that the station charges at no moment without a limit. */
function startOfDay(now: Date): string {
  return `${now.toISOString().slice(0, 10)}T00:00:00Z`;
}

function seconds(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
