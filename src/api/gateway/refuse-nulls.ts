import type { Context } from "hono";
import { Policy } from "../../errors.ts";
import type { AppEnv } from "../http/context.ts";
import { locationOf } from "./lookups.ts";
import type { ChargerChangeFields } from "./schemas/charger-changes.ts";

const WITHOUT_DEFAULT = ["ocpp_version", "location_id"] as const;

/**
 * Null stands for the default of create, which these fields do not have.
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
