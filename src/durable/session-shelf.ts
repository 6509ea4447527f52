import { DurableObject } from "cloudflare:workers";
import type { RawEnv } from "../env.ts";
import type { UnknownTagPolicy } from "../ports.ts";
import type { SessionOffer } from "../session-address.ts";

interface Place {
  offer: SessionOffer;
  isTaken: boolean;
}

/** Beside the places, under a key that is no identity. */
const POLICY_KEY = "/tag-policy";

/**
 * Keeps the provisioning of an organisation's chargers that wait for their hardware, until their session is needed for the
 * first time: a session object of its own costs five synchronous disk writes, a place here a fraction of one. The object's
 * name is the organisation's slug, a place's key the identity. Credentials are digests. A place stays when its session has
 * taken what was there, so that a deletion can be told from a delivery.
 */
export class SessionShelf extends DurableObject<RawEnv> {
  /** Of two chargers of one identity the newer stays; the same one again changes nothing. */
  put(offers: readonly SessionOffer[]): void {
    for (const offer of offers) {
      const place = this.#place(offer.ref.identity);
      if (!place || isNewer(offer, place.offer)) this.#keep({ offer, isTaken: false });
    }
  }

  /**
   * The same for sessions that may exist already: the place counts as taken, so that a deletion asks the session too. A place that
   * nobody has taken stays as it is; one that was taken gets the newer credential.
   */
  restore(offers: readonly SessionOffer[]): void {
    for (const offer of offers) {
      const place = this.#place(offer.ref.identity);
      const isSame = place?.offer.input.chargerId === offer.input.chargerId;
      if (place && !isSame && !isNewer(offer, place.offer)) continue;
      const isWaiting = isSame && !place.isTaken;
      const isOlder = isSame && !offer.input.credential;
      if (!isWaiting && !isOlder) this.#keep({ offer, isTaken: true });
    }
  }

  /** What is there for this identity, and notes that its session takes it. */
  take(identity: string): SessionOffer | null {
    const place = this.#place(identity);
    if (!place) return null;
    if (!place.isTaken) this.#keep({ ...place, isTaken: true });
    return withNewest(place.offer, this.ctx.storage.kv.get<UnknownTagPolicy>(POLICY_KEY));
  }

  /** What all who wait here are told of unknown id tags when their session takes their place. */
  setTagPolicy(policy: UnknownTagPolicy): void {
    const known = this.ctx.storage.kv.get<UnknownTagPolicy>(POLICY_KEY);
    if (!known || known.readAtMs <= policy.readAtMs) this.ctx.storage.kv.put(POLICY_KEY, policy);
  }

  /** False: the charger is gone, whatever was taken must be given up again. */
  has(identity: string, chargerId: string): boolean {
    return this.#place(identity)?.offer.input.chargerId === chargerId;
  }

  /** The charger is gone. True when nobody has taken it: it has no session that would have to be ended. */
  remove(identity: string, chargerId: string): boolean {
    const place = this.#place(identity);
    if (place?.offer.input.chargerId !== chargerId) return false;
    this.ctx.storage.kv.delete(identity);
    return !place.isTaken;
  }

  #place(identity: string): Place | undefined {
    return this.ctx.storage.kv.get<Place>(identity);
  }

  #keep(place: Place): void {
    this.ctx.storage.kv.put(place.offer.ref.identity, place);
  }
}

/** The later row is the living one; ids are time-ordered and break a tie. */
function isNewer({ input }: SessionOffer, { input: known }: SessionOffer): boolean {
  if (input.createdAtMs !== known.createdAtMs) return input.createdAtMs > known.createdAtMs;
  return input.chargerId > known.chargerId;
}

function withNewest(offer: SessionOffer, told: UnknownTagPolicy | undefined): SessionOffer {
  const own = offer.input.tagPolicy;
  if (!told || (own && own.readAtMs > told.readAtMs)) return offer;
  return { ...offer, input: { ...offer.input, tagPolicy: told } };
}
