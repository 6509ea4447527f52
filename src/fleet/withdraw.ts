import type { Background, ChargerRuntime, Ports } from "../ports.ts";
import { withinOr } from "../within.ts";
import { hostOf, sessionRefOf } from "./station.ts";

type Needs = Pick<Ports, "sessions" | "simulators">;

/** A charger that is gone, as far as objects know it. */
export type Withdrawal = ChargerRuntime & { organizationSlug: string };

/** Ends whatever runs for a charger: station, socket, credentials. It carries the charger's id: a new owner of the identity is safe. */
export async function withdraw(ports: Needs, work: Withdrawal): Promise<void> {
  if (work.runtime === "simulated") await ports.simulators.remove(hostOf(work), work.chargerId);
  await ports.sessions.retire(sessionRefOf(work));
}

/** Objects spoken to at once: an invocation has six connections, and one is kept free. */
const PARALLEL = 5;
/** What a request waits for its deletions to be carried out. */
const WAIT_MS = 5000;
/** The request may outlive its answer by half a minute. */
const GIVE_UP_MS = 25_000;

/**
 * Ends what runs for chargers that a request deleted, before its answer where that can be done in time, else behind it. What is
 * left then, or cannot be reached, is left to the effects of the deletion, which do the same until it is done.
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
    if (left > 0) console.warn(JSON.stringify({ event: "withdraw.left", chargers: left }));
  });
  background(all);
  await withinOr(WAIT_MS, all, undefined);
}
