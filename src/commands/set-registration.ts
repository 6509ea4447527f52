import { MaybeStored, NotFound } from "../errors.ts";
import type { Organization, Ports, RegistrationStatus } from "../ports.ts";

/**
 * Sets the status that the next BootNotification is answered with, in the row first, then in the session. Idempotent.
 * @throws NotFound, Unavailable. MaybeStored: the row is changed, the session could not be reached
 */
export async function setRegistration(
  ports: Pick<Ports, "chargers" | "sessions" | "clock">,
  organization: Organization,
  identity: string,
  status: RegistrationStatus,
): Promise<void> {
  const charger = await ports.chargers.setRegistration(organization.id, identity, status, ports.clock.now());
  if (!charger) throw new NotFound("Charger", identity);
  // A session that is provisioned later takes the status from the row.
  const ref = { organizationSlug: organization.slug, identity, chargerId: charger.id };
  await ports.sessions.setRegistration(ref, status).catch((error: unknown) => {
    throw new MaybeStored("The status is stored, but the session did not hear of it: repeat the request", {
      cause: error,
    });
  });
}
