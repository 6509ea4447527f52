import { Conflict, NotFound } from "../errors.ts";
import { hasAuthorizationKey, newAuthorizationKey, provisionRegistered } from "../fleet/register-charger.ts";
import type { Organization, Ports, RotationStatus, SecurityProfile } from "../ports.ts";

export interface Rotation {
  status: RotationStatus;
  /** Null when the station refused it: the old key stays. */
  authorizationKey: string | null;
}

type RotationPorts = Pick<Ports, "sessions" | "chargers" | "recovery" | "ids">;

/**
 * Gives a charger a new authorization key; a connected station is told first. A charger whose session was never
 * provisioned gets it now.
 * @throws NotFound, Conflict for a security profile without key, Unavailable
 */
export async function rotateAuthorizationKey(
  ports: RotationPorts,
  organization: Organization,
  identity: string,
): Promise<Rotation> {
  const ref = { organizationSlug: organization.slug, identity };
  const session = await ports.sessions.snapshot(ref);
  if (session === null) return firstKey(ports, organization, identity);
  refuseWithoutKey(identity, session.securityProfile);
  const authorizationKey = newAuthorizationKey(ports);
  const status = await ports.sessions.rotateAuthorizationKey(
    { ...ref, chargerId: session.chargerId },
    authorizationKey,
  );
  if (status === null) throw new NotFound("Charger", identity);
  const isRefused = status === "rejected" || status === "not_supported";
  return { status, authorizationKey: isRefused ? null : authorizationKey };
}

async function firstKey(
  ports: RotationPorts,
  organization: Organization,
  identity: string,
): Promise<Rotation> {
  const charger = await ports.chargers.findByIdentity(organization.id, identity);
  if (!charger) throw new NotFound("Charger", identity);
  refuseWithoutKey(identity, charger.securityProfile);
  const authorizationKey = newAuthorizationKey(ports);
  const credential = await ports.sessions.newCredential(authorizationKey);
  await ports.recovery.keepCredential(charger.id, credential);
  await provisionRegistered(ports, organization, { ...charger, now: charger.registeredAt }, credential);
  return { status: "stored", authorizationKey };
}

function refuseWithoutKey(identity: string, profile: SecurityProfile): void {
  if (!hasAuthorizationKey(profile))
    throw new Conflict(`Charger ${identity} has security profile ${profile}, which has no authorization key`);
}
