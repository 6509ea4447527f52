import { Conflict } from "../errors.ts";
import type { OcppCall } from "../ocpp/guarded-fields.ts";
import type { JsonObject } from "../ocpp/json.ts";
import { optionalInteger, optionalObject, optionalText } from "../ocpp/payload.ts";

/** Ids of charging profiles that belong to the settings of a charger. */
const OWN_IDS = { first: 9001, last: 9199 };

/**
 * Stack levels of the settings' own profiles by purpose: a profile of the same purpose and level would replace one of theirs. Only
 * on 1.6 they limit single transactions.
 */
const OWN_LEVELS: Readonly<Record<string, readonly number[]>> = {
  ChargePointMaxProfile: [0],
  ChargingStationMaxProfile: [0],
  TxDefaultProfile: [0, 1],
};
const OWN_LEVELS_16: typeof OWN_LEVELS = { ...OWN_LEVELS, TxProfile: [0] };

const IS_OWN = "belongs to the settings of the charger";

/**
 * Refuses CALLs that would set, replace or clear a charging profile of the settings: their record of what the station has would
 * be wrong, and so would the limit of the installation.
 * @throws Conflict
 */
export function guardProfiles(call: OcppCall): void {
  const problem = problemOf(call);
  if (problem !== null) throw new Conflict(problem);
}

function problemOf({ action, payload }: OcppCall): string | null {
  switch (action) {
    case "SetChargingProfile":
      return ofProfile(payload, "csChargingProfiles", "chargingProfile");
    case "RemoteStartTransaction":
      return ofProfile(payload, "chargingProfile", null);
    case "RequestStartTransaction":
      return ofProfile(payload, null, "chargingProfile");
    case "UpdateDynamicSchedule":
      return ofId(optionalInteger(payload, "chargingProfileId"));
    case "ClearChargingProfile":
      return ofClearing(payload);
    default:
      return null;
  }
}

/** The names of the field that holds a profile, on 1.6 and on 2.x; null: it has none there. */
function ofProfile(payload: JsonObject, name16: string | null, name2x: string | null): string | null {
  const profile16 = name16 && optionalObject(payload, name16);
  if (profile16)
    return ofId(optionalInteger(profile16, "chargingProfileId")) ?? ofLevel(profile16, OWN_LEVELS_16);
  const profile2x = name2x && optionalObject(payload, name2x);
  return profile2x ? (ofId(optionalInteger(profile2x, "id")) ?? ofLevel(profile2x, OWN_LEVELS)) : null;
}

function ofId(id: number | null): string | null {
  if (id === null || id < OWN_IDS.first || id > OWN_IDS.last) return null;
  return `Charging profile ${id} ${IS_OWN}`;
}

function ofLevel(profile: JsonObject, levels: typeof OWN_LEVELS): string | null {
  const purpose = optionalText(profile, "chargingProfilePurpose") ?? "";
  const level = optionalInteger(profile, "stackLevel");
  const isOwn = Object.hasOwn(levels, purpose) && level !== null && levels[purpose]?.includes(level);
  return isOwn ? `Stack level ${level} of ${purpose} ${IS_OWN}` : null;
}

/** With an id the rest is ignored (1.6 errata 3.26); without one everything is cleared that fits the criteria. */
function ofClearing(payload: JsonObject): string | null {
  const id = optionalInteger(payload, "id") ?? optionalInteger(payload, "chargingProfileId");
  if (id !== null) return ofId(id);
  const criteria2x = optionalObject(payload, "chargingProfileCriteria");
  const own = criteria2x ? OWN_LEVELS : OWN_LEVELS_16;
  const purpose = optionalText(criteria2x ?? payload, "chargingProfilePurpose");
  const level = optionalInteger(criteria2x ?? payload, "stackLevel");
  const fitting = Object.entries(own).filter(([name]) => purpose === null || name === purpose);
  const isOwn = fitting.some(([, levels]) => level === null || levels.includes(level));
  return isOwn
    ? `A charging profile that ${IS_OWN} may fit: name one by its id, or another stack level`
    : null;
}
