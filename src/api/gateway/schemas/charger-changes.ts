import { z } from "@hono/zod-openapi";
import type { ChargerChanges } from "../../../ports.ts";
import { connectorType, ocppVersion, wsUrl } from "./charger.ts";
import { text } from "./fields.ts";

const name = text({ min: 1, max: 255 }).nullish();

/** Absent: unchanged; null: back to the default of create; a value: set. */
export const chargerChangeFields = {
  name: name.openapi({ description: "The same as `charge_point_name`, which wins when both are given" }),
  charge_point_name: name,
  connector_type: connectorType,
  ocpp_version: text({ min: 1 })
    .pipe(ocppVersion)
    .nullish()
    .openapi({
      type: ["string", "null"],
      enum: ["OCPP1.6", "OCPP2.0.1", "OCPP2.1", null],
      description: "Compared without regard to case; has no default, so null is a 400",
    }),
  ws_url: text({ min: 1 })
    .pipe(wsUrl.unwrap().unwrap())
    .nullish()
    .openapi({
      type: ["string", "null"],
      maxLength: 2048,
      description: "ws or wss URL of the CSMS; null: this deployment",
    }),
  location_id: text({ min: 1 })
    .nullish()
    .openapi({ description: "Moves the charger; has no default, so null is a 400" }),
  location_name: name.openapi({ description: "A note; moves nothing" }),
};

export const UpdateChargerRequest = z.object(chargerChangeFields).openapi("UpdateChargerRequest", {
  description: "Partial request body used to update one charger deployment.",
  example: {
    charge_point_name: "Bay A02",
    connector_type: "CCS2",
  },
});

export type ChargerChangeFields = z.output<typeof UpdateChargerRequest>;

/** The fields as changes. `refuseNulls` must run before: null of a field without default is lost here. */
export function chargerChanges(fields: ChargerChangeFields): ChargerChanges {
  return {
    name: fields.charge_point_name === undefined ? fields.name : fields.charge_point_name,
    connectorType: fields.connector_type,
    ocppVersion: fields.ocpp_version ?? undefined,
    wsUrl: fields.ws_url,
    locationId: fields.location_id ?? undefined,
    locationName: fields.location_name,
  };
}
