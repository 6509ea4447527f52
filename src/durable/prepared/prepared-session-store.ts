import { DurableObject } from "cloudflare:workers";
import type { RawEnv } from "../../env.ts";
import type { UnknownTagPolicy } from "../../ports.ts";
import type { SessionOffer } from "../../session-address.ts";

interface PreparedSession {
  offer: SessionOffer;
  isTaken: boolean;
}

/** Key of the organisation's policy; no identity has this form. */
const POLICY_KEY = "/tag-policy";

/**
 * Stores the provisioning data of an organisation's external chargers until their session is needed: a session object costs five
 * synchronous disk writes, a row here a fraction of one (ADR 0008). The object's name is the organisation's slug, the key of a
 * row the identity. Keys of stations are stored as digests. A row stays after its session took it, so that a deleted charger can
 * be told from one whose provisioning is in progress.
 */
export class PreparedSessionStore extends DurableObject<RawEnv> {
  /** Stores offers. Of two chargers of one identity the newer one stays; the same one again changes nothing. */
  put(offers: readonly SessionOffer[]): void {
    for (const offer of offers) {
      const prepared = this.#get(offer.ref.identity);
      if (!prepared || isNewer(offer, prepared.offer)) this.#put({ offer, isTaken: false });
    }
  }

  /**
   * Stores offers of sessions that may exist: the row counts as taken, so that a deletion also ends the session. A row that was
   * not taken stays as it is; one that was taken gets the newer credential.
   */
  restore(offers: readonly SessionOffer[]): void {
    for (const offer of offers) {
      const prepared = this.#get(offer.ref.identity);
      const isSame = prepared?.offer.input.chargerId === offer.input.chargerId;
      if (prepared && !isSame && !isNewer(offer, prepared.offer)) continue;
      const isWaiting = isSame && !prepared.isTaken;
      const isOlder = isSame && !offer.input.credential;
      if (!isWaiting && !isOlder) this.#put({ offer, isTaken: true });
    }
  }

  /** The offer of this identity, marked as taken; null: none. */
  take(identity: string): SessionOffer | null {
    const prepared = this.#get(identity);
    if (!prepared) return null;
    if (!prepared.isTaken) this.#put({ ...prepared, isTaken: true });
    return withNewest(prepared.offer, this.ctx.storage.kv.get<UnknownTagPolicy>(POLICY_KEY));
  }

  /** Sets the policy for unknown id tags that sessions get when they take their offer. An older policy is ignored. */
  setTagPolicy(policy: UnknownTagPolicy): void {
    const known = this.ctx.storage.kv.get<UnknownTagPolicy>(POLICY_KEY);
    if (!known || known.readAtMs <= policy.readAtMs) this.ctx.storage.kv.put(POLICY_KEY, policy);
  }

  /** False: the charger was deleted, and its session must be retired again. */
  has(identity: string, chargerId: string): boolean {
    return this.#get(identity)?.offer.input.chargerId === chargerId;
  }

  /** Deletes the row of a deleted charger. True: no session has taken it, so none has to be ended. */
  remove(identity: string, chargerId: string): boolean {
    const prepared = this.#get(identity);
    if (prepared?.offer.input.chargerId !== chargerId) return false;
    this.ctx.storage.kv.delete(identity);
    return !prepared.isTaken;
  }

  #get(identity: string): PreparedSession | undefined {
    return this.ctx.storage.kv.get<PreparedSession>(identity);
  }

  #put(prepared: PreparedSession): void {
    this.ctx.storage.kv.put(prepared.offer.ref.identity, prepared);
  }
}

/** Whether an offer is newer; ids are time-ordered and break a tie. */
function isNewer({ input }: SessionOffer, { input: known }: SessionOffer): boolean {
  if (input.createdAtMs !== known.createdAtMs) return input.createdAtMs > known.createdAtMs;
  return input.chargerId > known.chargerId;
}

function withNewest(offer: SessionOffer, policy: UnknownTagPolicy | undefined): SessionOffer {
  const own = offer.input.tagPolicy;
  if (!policy || (own && own.readAtMs > policy.readAtMs)) return offer;
  return { ...offer, input: { ...offer.input, tagPolicy: policy } };
}
