import type { Context } from "hono";
import { NotFound } from "../../errors.ts";
import { updateChargers } from "../../fleet/change-chargers.ts";
import { defaultConnectorTypes } from "../../fleet/default-connector-types.ts";
import type { ChargerChanges, ChargerSelection, ChargersUpdated } from "../../ports.ts";
import type { AppEnv } from "../http/context.ts";
import { isResourceId } from "../http/resource-id.ts";
import { changeOf } from "./change-of.ts";

/** @throws NotFound for an unknown, foreign or malformed target location; the last never reaches the store */
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
