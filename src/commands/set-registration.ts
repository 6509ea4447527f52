import { MaybeStored, NotFound } from "../errors.ts";
import type { Organization, Ports, RegistrationStatus } from "../ports.ts";

/**
 * Sets what the next boot of a charger is answered: row first, then the session. Repeating it changes nothing.
 * @throws NotFound, Unavailable, MaybeStored when the session did not hear of it
 */
export async function setRegistration(
  ports: Pick<Ports, "chargers" | "sessions" | "clock">,
  organization: Organization,
  identity: string,
  status: RegistrationStatus,
): Promise<void> {
  const charger = await ports.chargers.setRegistration(organization.id, identity, status, ports.clock.now());
  if (!charger) throw new NotFound("Charger", identity);
  // A session that was never provisioned takes the state from the row when it is.
  const ref = { organizationSlug: organization.slug, identity, chargerId: charger.id };
  await ports.sessions.setRegistration(ref, status).catch((error: unknown) => {
    throw new MaybeStored("The status is stored, but the session did not hear of it: repeat the request", {
      cause: error,
    });
  });
}
