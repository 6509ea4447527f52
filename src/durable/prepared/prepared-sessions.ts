import type { Env } from "../../env.ts";
import { sharedBatch } from "../../shared-batch.ts";
import type { SessionOffer } from "../../session-address.ts";
import type { SessionRef, UnknownTagPolicy } from "../../ports.ts";
import { reach } from "../reach.ts";
import type { PreparedSessionStore } from "./prepared-session-store.ts";

const CALL_TIMEOUT_MS = 10_000;
/** Runs of a batch are concurrent: several share a call and a commit. */
const BATCHING = { windowMs: 4, itemsMax: 100, patienceMs: CALL_TIMEOUT_MS };

type Stub = {
  [Name in "put" | "restore" | "take" | "has" | "remove" | "setTagPolicy"]: (
    ...args: Parameters<PreparedSessionStore[Name]>
  ) => Promise<ReturnType<PreparedSessionStore[Name]>>;
};

/** Provisioning data of chargers whose session was not needed yet, in one object per organisation. @throws Unavailable */
export interface PreparedSessions {
  put(offer: SessionOffer): Promise<void>;
  /** Stores the offer of a session that may exist; a session that was lost takes it. */
  restore(offer: SessionOffer): Promise<void>;
  take(ref: SessionRef): Promise<SessionOffer | null>;
  has(offer: SessionOffer): Promise<boolean>;
  setTagPolicy(organizationSlug: string, policy: UnknownTagPolicy): Promise<void>;
  /** True: it was stored, and no session has taken it. */
  remove(ref: SessionRef & { chargerId: string }): Promise<boolean>;
}

export function preparedSessions(env: Pick<Env, "SESSION_SHELF">): PreparedSessions {
  const ask = <T>(slug: string, call: (stub: Stub) => Promise<T>): Promise<T> => {
    const stub = () => env.SESSION_SHELF.getByName(slug) as unknown as Stub;
    return reach(CALL_TIMEOUT_MS, () => call(stub()), { repeats: true });
  };
  const together = (name: "put" | "restore") =>
    sharedBatch(
      (offers: readonly SessionOffer[]) => putAll(ask, offers, (stub, own) => stub[name](own)),
      BATCHING,
    );
  const [put, restore] = [together("put"), together("restore")];
  return {
    put: async (offer) => void (await put(offer)),
    restore: async (offer) => void (await restore(offer)),
    take: ({ organizationSlug, identity }) => ask(organizationSlug, (stub) => stub.take(identity)),
    setTagPolicy: (slug, policy) => ask(slug, (stub) => stub.setTagPolicy(policy)),
    has: ({ ref, input }) => ask(ref.organizationSlug, (stub) => stub.has(ref.identity, input.chargerId)),
    remove: ({ organizationSlug, identity, chargerId }) =>
      ask(organizationSlug, (stub) => stub.remove(identity, chargerId)),
  };
}

async function putAll(
  ask: (slug: string, call: (stub: Stub) => Promise<void>) => Promise<void>,
  offers: readonly SessionOffer[],
  place: (stub: Stub, own: readonly SessionOffer[]) => Promise<void>,
): Promise<null[]> {
  const slugs = [...new Set(offers.map(({ ref }) => ref.organizationSlug))];
  const calls = slugs.map((slug) => {
    const own = offers.filter(({ ref }) => ref.organizationSlug === slug);
    return ask(slug, (stub) => place(stub, own));
  });
  await Promise.all(calls);
  return offers.map(() => null);
}
