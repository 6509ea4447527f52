import type { Background, ChargerRuntime, Ports } from "../../ports.ts";
import { withinOr } from "../../within.ts";
import { hostOf, sessionRefOf } from "./station.ts";

type Needs = Pick<Ports, "sessions" | "simulators">;

/** Address of the session and station of a deleted or failed charger. */
export type Withdrawal = ChargerRuntime & { organizationSlug: string };

/**
 * Removes the station and the session of a charger. Idempotent. The charger's id is checked, so a newer charger with
 * the same identity is not affected. @throws Unavailable
 */
export async function withdraw(ports: Needs, work: Withdrawal): Promise<void> {
  if (work.runtime === "simulated") await ports.simulators.remove(hostOf(work), work.chargerId);
  await ports.sessions.retire(sessionRefOf(work));
}

/** Objects called in parallel: an invocation may have six connections, and one is kept for Postgres. */
const PARALLEL = 5;
/** How long a request waits for the deletions before it is answered. */
const WAIT_MS = 5000;
/** Time after which no more objects are called: a request may run half a minute after its answer. */
const GIVE_UP_MS = 25_000;

/**
 * Removes the objects of chargers that a request has deleted, before its answer if that is fast enough, otherwise
 * after it. The effects of the deletion do the same until it has succeeded for all of them.
 */
export async function withdrawNow(
  ports: Needs & Pick<Ports, "clock">,
  gone: Withdrawal[],
  background: Background,
): Promise<void> {
  const nowMs = () => ports.clock.now().getTime();
  const endMs = nowMs() + GIVE_UP_MS;
  const queue = gone.values();
  let left = 0;
  const worker = async () => {
    for (const one of queue) {
      if (nowMs() > endMs) left++;
      else await withdraw(ports, one).catch(() => left++);
    }
  };
  const all = Promise.all(Array.from({ length: Math.min(PARALLEL, gone.length) }, worker)).then(() => {
    if (left > 0) console.warn(JSON.stringify({ event: "withdraw.incomplete", chargers: left }));
  });
  background(all);
  await withinOr(WAIT_MS, all, undefined);
}
