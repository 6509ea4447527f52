import type { Context } from "hono";
import type { ProvisioningStatus } from "../../ports.ts";

/** Tells a client that polls when to come back, until there is nothing to wait for. */
export function pollAgain(c: Context, status: ProvisioningStatus): void {
  if (status === "PENDING" || status === "PROVISIONING") c.header("Retry-After", "1");
}
