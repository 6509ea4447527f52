import type { PendingEffect, Ports } from "../ports.ts";
import { hostOf, stationOf } from "./station.ts";
import { withdraw } from "./withdraw.ts";

export const EFFECT_SLICE_SIZE = 100;
/** Objects spoken to at once: an invocation has six connections, and one is kept free. */
const PARALLEL = 5;

type Needs = Pick<Ports, "effects" | "runs" | "sessions" | "simulators">;

/**
 * Brings sessions and stations of one slice in line with their rows. Effects say that something changed, not what:
 * the newest row is read, so repeating or reordering them ends in the same state.
 *
 * @throws Unavailable when an object cannot be reached: what is done stays done, the rest is tried again
 */
export async function applyEffects(ports: Needs, batchId: string, slice: number): Promise<number> {
  const effects = await ports.effects.pending(
    batchId,
    slice * EFFECT_SLICE_SIZE,
    (slice + 1) * EFFECT_SLICE_SIZE,
  );
  if (effects.length === 0) return 0;
  const runIds = effects.flatMap((effect) => (effect.runId === null ? [] : [effect.runId]));
  if (runIds.length > 0) await ports.runs.cancel(runIds);
  const queue = effects.values();
  const finished: number[] = [];
  const worker = async () => {
    for (const effect of queue) {
      await applyEffect(ports, batchId, effect);
      finished.push(effect.seq);
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: PARALLEL }, worker));
  if (finished.length > 0) await ports.effects.done(batchId, finished);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  return finished.length;
}

async function applyEffect(
  ports: Needs,
  batchId: string,
  { kind, deleted, status, work }: PendingEffect,
): Promise<void> {
  if (deleted) return withdraw(ports, work);
  if (work.runtime === "external" || status === "FAILED") return;
  // A charger that is still being provisioned is started by its own run, from the row as it is then.
  const known = status === "READY";
  const running = work.desiredCount > 0;
  await ports.simulators.reconcile(hostOf(work), stationOf(work), {
    running: known ? running : false,
    restartToken: kind === "restart" ? batchId : null,
  });
}

export function effectSliceCount(total: number): number {
  return Math.ceil(total / EFFECT_SLICE_SIZE);
}
