import type { Ports, Recoverable, SessionProvision, SessionRef } from "../../ports.ts";
import { within } from "../../within.ts";
import { hostOf, sessionRefOf, stationOf } from "./station.ts";

type Needs = Pick<Ports, "sessions" | "simulators" | "ids">;

/**
 * Creates what is missing of a charger: a simulated station with a new key, or an external session with the key
 * digests from Postgres. Existing objects are not changed. True: a session was lost whose key had no copy in
 * Postgres.
 */
export async function restore(ports: Needs, charger: Recoverable): Promise<boolean> {
  const { work, credential, generation } = charger;
  const ref = sessionRefOf(work);
  if (work.runtime === "simulated") {
    const desired = { running: work.desiredCount > 0, restartToken: null };
    await ports.simulators.reconcile(hostOf(work), stationOf(work), desired);
    return false;
  }
  const needsKey = work.securityProfile === 1 || work.securityProfile === 2;
  const input: SessionProvision = {
    chargerId: work.chargerId,
    organizationId: work.organizationId,
    createdAtMs: work.createdAt.getTime(),
    securityProfile: work.securityProfile,
    registrationStatus: work.registrationStatus,
    // A random key that nobody learns, so that nobody can log in.
    authorizationKey: needsKey && credential === null ? ports.ids.hex(20) : null,
    credential,
    tagPolicy: work.tagPolicy,
    generation,
  };
  if (needsKey && credential === null && generation > 0)
    return (await ports.sessions.provision(ref, input)).created;
  await ports.sessions.restore(ref, input);
  return false;
}

/** How long an identity that Postgres does not know is not looked up again. */
const UNKNOWN_FOR_MS = 60_000;
const UNKNOWN_MAX = 10_000;
/** Most lookups per second and isolate, whoever asks. Lost sessions are restored at this rate. */
const LOOKUPS_PER_SECOND = 100;
const LOOKUP_TIMEOUT_MS = 2000;
/** How long no lookup is made after the database did not answer. */
const PAUSE_MS = 5000;

/**
 * Result of a lookup for a session that is not provisioned. "restored": it is provisioned now. "unknown": no such
 * charger. "later": ask again.
 */
export type LookupResult = "restored" | "unknown" | "later";

/**
 * Looks up a session that is not provisioned, when a request or a station asks for it, and restores it if it was lost. Bounded
 * per isolate: unknown identities are remembered, lookups have a rate limit, and there is a pause after the database did not answer.
 */
export class LostSessions {
  readonly #ports: Needs & Pick<Ports, "recovery" | "clock">;
  readonly #unknownUntilMs = new Map<string, number>();
  #second = 0;
  #lookups = 0;
  #pausedUntilMs = 0;

  constructor(ports: Needs & Pick<Ports, "recovery" | "clock">) {
    this.#ports = ports;
  }

  async lookUp(ref: SessionRef): Promise<LookupResult> {
    const name = `${ref.organizationSlug}/${ref.identity}`;
    const nowMs = this.#ports.clock.now().getTime();
    if ((this.#unknownUntilMs.get(name) ?? 0) > nowMs || this.#pausedUntilMs > nowMs) return "unknown";
    if (!this.#mayLookUp(nowMs)) return "later";
    const charger = await this.#find(ref);
    if (charger === null || (ref.chargerId !== undefined && ref.chargerId !== charger.work.chargerId)) {
      this.#remember(name, nowMs);
      return "unknown";
    }
    const { chargerId } = charger.work;
    console.warn(JSON.stringify({ event: "session.restored", ...ref, chargerId }));
    if (await restore(this.#ports, charger))
      await this.#ports.recovery.keysLost([chargerId], new Date(nowMs));
    return "restored";
  }

  #mayLookUp(nowMs: number): boolean {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) this.#lookups = 0;
    this.#second = second;
    return ++this.#lookups <= LOOKUPS_PER_SECOND;
  }

  async #find(ref: SessionRef): Promise<Recoverable | null> {
    try {
      return await within(
        LOOKUP_TIMEOUT_MS,
        this.#ports.recovery.find(ref),
        () => new Error("no answer in time"),
      );
    } catch (error) {
      this.#pausedUntilMs = this.#ports.clock.now().getTime() + PAUSE_MS;
      const reason = error instanceof Error ? error.message : "unknown";
      console.error(JSON.stringify({ event: "session.notLookedUp", ...ref, reason }));
      return null;
    }
  }

  #remember(name: string, nowMs: number): void {
    if (this.#pausedUntilMs > nowMs) return;
    if (this.#unknownUntilMs.size >= UNKNOWN_MAX) this.#unknownUntilMs.clear();
    this.#unknownUntilMs.set(name, nowMs + UNKNOWN_FOR_MS);
  }
}
