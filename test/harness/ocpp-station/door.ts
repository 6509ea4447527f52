import type { Access } from "../fleet.ts";
import type { Door } from "./raw-station.ts";
import { register } from "./register.ts";

/** Registers a charger and returns the URL and credential of its station. */
export async function newDoor(access: Access, identity: string): Promise<Door> {
  const { connectionUrl, authorizationKey } = await register(access, identity);
  return { connectionUrl, identity, authorizationKey };
}
