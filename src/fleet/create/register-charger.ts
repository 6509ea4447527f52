import { MaybeStored, Unavailable } from "../../errors.ts";
import type {
  Claimed,
  IdempotencyClaim,
  Organization,
  Ports,
  RecordedResponse,
  RegisterCharger,
  RegistrationStatus,
  SecurityProfile,
  SessionProvision,
  SessionRef,
  StoredCredential,
  UnknownTagPolicy,
} from "../../ports.ts";

const AUTHORIZATION_KEY_BYTES = 20;
const SESSION_TRIES = 3;

/** A validated registration. */
export interface RegistrationRequest {
  identity: string;
  name: string | null;
  location: string | null;
  securityProfile: SecurityProfile;
}

/** A registered charger with its key. */
export interface RegisteredCharger extends RegisterCharger {
  /** The only copy of the key; null: a security profile without a key. */
  authorizationKey: string | null;
}

type RegistrationPorts = Pick<Ports, "chargers" | "sessions" | "ids" | "clock">;

/** Whether stations of this profile log in with a key: profiles 1 and 2 use Basic authentication. */
export function hasAuthorizationKey(profile: SecurityProfile): boolean {
  return profile === 1 || profile === 2;
}

/** A random key of 40 hexadecimal digits: a valid AuthorizationKey of 1.6 and a valid BasicAuthPassword of 2.x. */
export function newAuthorizationKey(ports: Pick<Ports, "ids">): string {
  return ports.ids.hex(AUTHORIZATION_KEY_BYTES);
}

/**
 * Registers an external charge point: stores the row, then prepares its session, which comes to be when it is needed for the
 * first time. If that cannot be done, the registration is undone. If that fails as well, the row remains and a key rotation
 * provisions the session.
 * @param record answer for a repeat of the claimed request; it must not contain the key
 * @throws Conflict: the identity exists. LimitReached, IdempotencyMismatch, IdempotencyInFlight, Unavailable,
 * MaybeStored
 */
export async function registerCharger(
  ports: RegistrationPorts,
  organization: Organization,
  request: RegistrationRequest,
  claim: IdempotencyClaim | null,
  record: (charger: RegisterCharger) => RecordedResponse,
): Promise<Claimed<RegisteredCharger>> {
  const authorizationKey = hasAuthorizationKey(request.securityProfile) ? newAuthorizationKey(ports) : null;
  const credential = authorizationKey === null ? null : await ports.sessions.newCredential(authorizationKey);
  const charger: RegisterCharger = { ...request, id: ports.ids.uuid(), now: ports.clock.now(), credential };
  const stored = await ports.chargers.register(organization, charger, claim, record(charger));
  if (stored.kind === "replayed") return stored;
  try {
    const { tagPolicy } = stored.value;
    const { ref, input } = sessionOf(organization, { ...charger, tagPolicy }, credential);
    await reached(() => ports.sessions.prepare(ref, input));
  } catch (error) {
    await takeBack(ports, organization, charger, claim);
    throw error;
  }
  return { kind: "done", value: { ...charger, authorizationKey } };
}

/**
 * Undoes a registration, with its idempotency claim, so that a repeat registers again. The session may have been
 * provisioned although no answer came: an effect ends it.
 */
async function takeBack(
  { chargers, ids, clock }: RegistrationPorts,
  organization: Organization,
  { id }: RegisterCharger,
  claim: IdempotencyClaim | null,
): Promise<void> {
  await chargers.unregister(organization.id, id, claim, ids.uuid(), clock.now()).catch((error: unknown) => {
    const message = "The charger is registered, but has no authorization key yet: rotate it to get one";
    throw new MaybeStored(message, { cause: error });
  });
}

type Provisioned = Pick<RegisterCharger, "id" | "identity" | "securityProfile" | "now"> & {
  registrationStatus?: RegistrationStatus;
  tagPolicy?: UnknownTagPolicy;
};

/** Provisions the session of a stored charger. Idempotent. @throws Unavailable */
export async function provisionRegistered(
  { sessions }: Pick<Ports, "sessions">,
  organization: Organization,
  charger: Provisioned,
  credential: StoredCredential | null,
): Promise<void> {
  const { ref, input } = sessionOf(organization, charger, credential);
  await reached(() => sessions.provision(ref, input));
}

function sessionOf(
  organization: Organization,
  charger: Provisioned,
  credential: StoredCredential | null,
): { ref: SessionRef; input: SessionProvision } {
  const ref = { organizationSlug: organization.slug, identity: charger.identity, chargerId: charger.id };
  const input = {
    chargerId: charger.id,
    organizationId: organization.id,
    createdAtMs: charger.now.getTime(),
    securityProfile: charger.securityProfile,
    registrationStatus: charger.registrationStatus ?? ("Accepted" as const),
    authorizationKey: null,
    credential,
    tagPolicy: charger.tagPolicy ?? { acceptsUnknown: organization.acceptUnknownIdTags, readAtMs: 0 },
  };
  return { ref, input };
}

/** Repeats an idempotent call to an object that may have been reset. @throws Unavailable */
async function reached(ask: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await ask();
      return;
    } catch (err) {
      if (tries >= SESSION_TRIES) throw new Unavailable("The session cannot be reached", { cause: err });
    }
  }
}
