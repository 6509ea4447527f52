import type { Context } from "hono";
import { NotFound, Policy } from "../../errors.ts";
import { updateChargers } from "../../fleet/change/change-chargers.ts";
import { defaultConnectorTypes } from "../../fleet/create/catalog.ts";
import type { ChargerChanges, ChargerSelection, ChargersUpdated } from "../../ports.ts";
import { type AppEnv, changeOf } from "../http/context.ts";
import { isResourceId } from "../http/resource-id.ts";
import { locationOf } from "./lookups.ts";
import type { ChargerChangeFields } from "./schemas/charger-changes.ts";

/** Changes chargers. @throws NotFound for an unknown, foreign or malformed target location */
export async function writeChanges(
  c: Context<AppEnv>,
  selection: ChargerSelection,
  changes: ChargerChanges,
): Promise<ChargersUpdated> {
  const { locationId, connectorType } = changes;
  if (locationId !== undefined && !isResourceId(locationId)) throw new NotFound("Location", locationId);
  const defaults = connectorType === null ? defaultConnectorTypes() : {};
  return updateChargers(c.get("ports"), changeOf(c), selection, changes, defaults);
}

const WITHOUT_DEFAULT = ["ocpp_version", "location_id"] as const;

/**
 * Refuses null for fields without default. For other fields null means the default of create.
 * @throws Policy with `refusal` before the reason; before that NotFound for an unknown target location
 */
export async function refuseNulls(
  c: Context<AppEnv>,
  fields: ChargerChangeFields,
  refusal: "Invalid charger data" | "Invalid request data",
): Promise<void> {
  const field = WITHOUT_DEFAULT.find((name) => fields[name] === null);
  if (field === undefined) return;
  if (typeof fields.location_id === "string") await locationOf(c, fields.location_id);
  throw new Policy(`${refusal}: ${field} must not be null`);
}
