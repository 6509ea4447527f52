import { Unavailable } from "../../errors.ts";
import type { PendingEffect, Ports } from "../../ports.ts";
import { restore } from "../objects/restore.ts";
import { hostOf, sessionRefOf, stationOf } from "../objects/station.ts";
import { withdraw } from "../objects/withdraw.ts";

/** Effects per step. */
const EFFECT_SLICE_SIZE = 100;
/** Objects called in parallel: an invocation may have six connections, and one is kept for Postgres. */
const PARALLEL = 5;
/** No object is called after this time. The next attempt carries out the remaining effects. */
const BUDGET_MS = 25_000;

type Needs = Pick<Ports, "effects" | "runs" | "sessions" | "simulators" | "recovery" | "ids" | "clock">;

/**
 * Makes the sessions and stations of one slice match their rows. An effect says that something changed, never what:
 * the current row is read, so repeated or reordered effects end in the same state.
 *
 * @throws Unavailable: an object cannot be reached. Effects carried out so far are deleted; the others are repeated.
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
  await tellPrepared(ports, effects);
  const finished: PendingEffect[] = [];
  const endsAtMs = ports.clock.now().getTime() + BUDGET_MS;
  const [lookedAt, changed] = split(effects, isLookedAt);
  const queue = changed.values();
  const worker = async () => {
    for (const effect of queue) {
      if (ports.clock.now().getTime() >= endsAtMs) return;
      if (await applyEffect(ports, batchId, effect)) finished.push(effect);
    }
  };
  const outcomes = await Promise.allSettled([
    ...Array.from({ length: PARALLEL - 1 }, worker),
    restoreEach(ports, lookedAt, finished),
  ]);
  const done = finished.length > 0 ? await ports.effects.done(batchId, finished) : 0;
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  if (done < effects.length) throw new Unavailable("Some chargers have to wait, or have changed meanwhile");
  return done;
}

/**
 * Whether an effect only checks that the session exists: no change of the row of such a charger concerns its session.
 */
function isLookedAt({ deleted, status, work }: PendingEffect): boolean {
  return !deleted && status === "READY" && work.runtime === "external";
}

function split<T>(all: T[], isFirst: (one: T) => boolean): [T[], T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}

/** Restores sessions without a limit on parallel calls, because `prepare` of many chargers is one call. */
async function restoreEach(ports: Needs, effects: PendingEffect[], finished: PendingEffect[]): Promise<void> {
  if (effects.length === 0) return;
  const chargers = await ports.recovery.list(effects.map(({ work }) => work.chargerId));
  const byId = new Map(chargers.map((charger) => [charger.work.chargerId, charger]));
  const lost: string[] = [];
  const one = async (effect: PendingEffect) => {
    const { work } = effect;
    const charger = byId.get(work.chargerId);
    if (charger && (await restore(ports, charger))) lost.push(work.chargerId);
    await ports.sessions.setTagPolicy(sessionRefOf(work), work.tagPolicy);
    finished.push(effect);
  };
  const outcomes = await Promise.allSettled(effects.map(one));
  if (lost.length > 0) await ports.recovery.keysLost(lost, ports.clock.now());
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}

/**
 * Carries out one effect. False: too early, because a run that is provisioning the charger may have read an older
 * row.
 */
async function applyEffect(ports: Needs, batchId: string, effect: PendingEffect): Promise<boolean> {
  const { work } = effect;
  // A charger of a cancelled job may have been started before it became FAILED.
  if (effect.deleted || effect.status === "FAILED") await withdraw(ports, work);
  if (effect.deleted || work.runtime === "external" || effect.status === "FAILED") return true;
  if (effect.status === "PENDING") return false;
  await ports.sessions.setTagPolicy(sessionRefOf(work), work.tagPolicy);
  await ports.simulators.reconcile(hostOf(work), stationOf(work), {
    running: work.desiredCount > 0,
    restartToken: effect.kind === "restart" ? batchId : null,
  });
  return true;
}

/** Changes the tag policy of chargers that were prepared and have no session yet. */
async function tellPrepared(ports: Needs, effects: PendingEffect[]): Promise<void> {
  const waiting = effects.filter(({ work, deleted }) => work.runtime === "external" && !deleted);
  const policies = new Map(waiting.map(({ work }) => [work.organizationSlug, work.tagPolicy]));
  for (const [slug, policy] of policies) await ports.sessions.setPreparedTagPolicy(slug, policy);
}

/** Number of slices of a batch; it depends on the total alone, so that a run has the same steps in every replay. */
export function effectSliceCount(total: number): number {
  return Math.ceil(total / EFFECT_SLICE_SIZE);
}
