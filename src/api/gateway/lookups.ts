import type { Context } from "hono";
import { NotFound } from "../../errors.ts";
import type { Charger, Location } from "../../ports.ts";
import type { AppEnv } from "../http/context.ts";
import { isResourceId } from "../http/resource-id.ts";

/** A location by id. @throws NotFound for unknown, foreign and malformed ids; malformed ones do not reach the store */
export async function locationOf(c: Context<AppEnv>, id: string): Promise<Location> {
  const location = isResourceId(id) ? await c.get("ports").locations.get(c.get("organization").id, id) : null;
  if (!location) throw new NotFound("Location", id);
  return location;
}

/** A charger by id. @throws NotFound like `locationOf` */
export async function chargerOf(c: Context<AppEnv>, id: string): Promise<Charger> {
  const charger = isResourceId(id) ? await c.get("ports").chargers.get(c.get("organization").id, id) : null;
  if (!charger) throw new NotFound("Charger", id);
  return charger;
}
