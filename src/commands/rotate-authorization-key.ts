import { Conflict, NotFound } from "../errors.ts";
import {
  hasAuthorizationKey,
  newAuthorizationKey,
  provisionRegistered,
} from "../fleet/create/register-charger.ts";
import type { Organization, Ports, RotationStatus, SecurityProfile } from "../ports.ts";

/** Result of a rotation. */
export interface Rotation {
  status: RotationStatus;
  /** Null: the station refused the key, and the old one stays valid. */
  authorizationKey: string | null;
}

type RotationPorts = Pick<Ports, "sessions" | "chargers" | "recovery" | "ids">;

/**
 * Gives a charger a new authorization key. A connected station must accept it first. A session that is not
 * provisioned is provisioned with it.
 * @throws NotFound. Conflict: the security profile has no key. Unavailable
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
