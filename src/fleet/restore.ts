import type { Ports, Recoverable, SessionProvision, SessionRef } from "../ports.ts";
import { within } from "../within.ts";
import { hostOf, sessionRefOf, stationOf } from "./station.ts";

type Needs = Pick<Ports, "sessions" | "simulators" | "ids">;

/**
 * Brings back what runs for a charger, as far as it is missing: a simulated station with a new key, the session of another one
 * with the key that Postgres knows the digests of. What is there stays as it is. True: a session was lost, and with it the only
 * copy of a key that somebody has.
 */
export async function restore(ports: Needs, charger: Recoverable): Promise<boolean> {
  const { work, credential, hasConnected } = charger;
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
    // Nobody learns this key: it only closes the door.
    authorizationKey: needsKey && credential === null ? ports.ids.hex(20) : null,
    credential,
    tagPolicy: work.tagPolicy,
  };
  if (needsKey && credential === null && hasConnected)
    return (await ports.sessions.provision(ref, input)).created;
  await ports.sessions.restore(ref, input);
  return false;
}

/** An identity that Postgres does not know is not asked for again for so long. */
const UNKNOWN_FOR_MS = 60_000;
const UNKNOWN_MAX = 10_000;
/** Looks at the database in a second: lost objects heal at this pace, and strangers cannot cause more. */
const LOOKS_PER_SECOND = 100;
const LOOK_TIMEOUT_MS = 2000;
/** A database that did not answer is left alone for so long. */
const PAUSE_MS = 5000;

/** What became of a knock at a session that knows nothing: there is a charger again, there is none, or ask again later. */
export type Knocked = "restored" | "unknown" | "later";

/**
 * Heals a lost object when somebody asks for it. Bounded for each isolate: what is unknown is remembered, looks have a rate, and a
 * database that does not answer is not asked again at once.
 */
export class KnockRestore {
  readonly #ports: Needs & Pick<Ports, "recovery" | "clock">;
  readonly #unknownUntilMs = new Map<string, number>();
  #second = 0;
  #looks = 0;
  #pausedUntilMs = 0;

  constructor(ports: Needs & Pick<Ports, "recovery" | "clock">) {
    this.#ports = ports;
  }

  async knock(ref: SessionRef): Promise<Knocked> {
    const name = `${ref.organizationSlug}/${ref.identity}`;
    const nowMs = this.#ports.clock.now().getTime();
    if ((this.#unknownUntilMs.get(name) ?? 0) > nowMs || this.#pausedUntilMs > nowMs) return "unknown";
    if (!this.#mayLook(nowMs)) return "later";
    const charger = await this.#look(ref);
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

  #mayLook(nowMs: number): boolean {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) this.#looks = 0;
    this.#second = second;
    return ++this.#looks <= LOOKS_PER_SECOND;
  }

  async #look(ref: SessionRef): Promise<Recoverable | null> {
    try {
      return await within(
        LOOK_TIMEOUT_MS,
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
