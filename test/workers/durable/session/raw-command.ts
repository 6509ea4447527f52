import type { JsonObject } from "../../../../src/ocpp/json.ts";
import type { OcppVersion } from "../../../../src/ocpp/version.ts";
import { provisioned, StationDouble, type Charger } from "./station-double.ts";

/** A request that a client wrote. */
export function raw(action: string, payload: JsonObject, onlyVersion: OcppVersion | null = null) {
  return { kind: "raw", action, payload, onlyVersion } as const;
}

export async function booted(protocol: OcppVersion, changed = {}) {
  const charger = await provisioned(changed);
  return { charger, station: await StationDouble.booted(charger, { protocol }) };
}

/** Runs a raw command that the station answers with this payload. */
export async function ask(
  { charger, station }: { charger: Charger; station: StationDouble },
  action: string,
  payload: JsonObject,
  answer: JsonObject = { status: "Accepted" },
) {
  const outcome = charger.session.command(charger.ref, raw(action, payload), 5000);
  const call = await station.nextCall();
  station.send([3, call[1], answer]);
  return { call, outcome: await outcome };
}
