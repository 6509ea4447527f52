import type { JsonObject } from "../../ocpp/json.ts";
import { integerOf } from "../read.ts";
import type { Turn } from "../turn.ts";

/** The EVSE a request names; null for one the station does not have. Each EVSE has the one connector 1. */
export function knownEvse(turn: Turn, evse: JsonObject): number | null {
  const id = integerOf(evse, "id");
  const connectorId = integerOf(evse, "connectorId") ?? 1;
  const isKnown = id !== undefined && id >= 1 && id <= turn.state.profile.connectors && connectorId === 1;
  return isKnown ? id : null;
}
