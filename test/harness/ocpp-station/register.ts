import { z } from "zod";
import { call, type Access } from "../fleet.ts";

const registration = z.object({
  id: z.string(),
  chargeBoxId: z.string(),
  connectionUrl: z.string(),
  authorizationKey: z.string(),
  instructions: z.object({ baseUrl: z.string() }),
});
export type Registration = z.infer<typeof registration>;

/** Registers a charger by `POST /api/v1/chargers`. */
export async function register(access: Access, chargeBoxId: string): Promise<Registration> {
  const { status, body } = await call(access, "POST", "/api/v1/chargers", { chargeBoxId });
  if (status !== 201) throw new Error(`register ${chargeBoxId}: ${status} ${JSON.stringify(body)}`);
  return registration.parse(body);
}
