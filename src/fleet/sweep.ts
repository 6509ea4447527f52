import type { EffectBatch, ItemError, Ports, StuckJob } from "../ports.ts";
import { sweepDeliveries } from "../webhooks/sweep-deliveries.ts";

const DISPATCH_FAILED: ItemError = {
  code: "DISPATCH_FAILED",
  message: "The batch could not be started",
  retryable: true,
};
const STUCK: ItemError = {
  code: "PROVISIONING_STUCK",
  message: "Provisioning made no progress and was given up",
  retryable: true,
};

/** Publishes in parallel. */
const PARALLEL = 3;
/** Time for the publishes of one part of a pass, so that the following parts get their turn before the next pass. */
const PART_MS = 10_000;
/**
 * A publish that took this long failed by its deadline. After it nothing more is published in this pass, because the
 * engine hangs.
 */
const HANGING_MS = 5000;

/** Organisations whose tag registry is looked at in one pass. */
const TAG_SETS_PER_PASS = 20;

type Needs = Pick<
  Ports,
  | "jobs"
  | "effects"
  | "events"
  | "liveLines"
  | "settings"
  | "tagRegistry"
  | "tagJobs"
  | "localLists"
  | "runs"
  | "recovery"
  | "history"
  | "deliveries"
  | "messages"
  | "ids"
  | "clock"
>;

/** Report of a pass: ids of what it published, and the parts that failed. */
export interface Swept {
  jobs: string[];
  effects: string[];
  failed: string[];
}

/**
 * Runs once a minute, in one isolate at a time: publishes runs that were lost, gives up jobs that never progress,
 * closes complete jobs. It brings every accepted job to an end even if the engine loses all runs. A part that fails
 * is tried again by the next pass and does not stop the parts after it.
 */
export async function sweep(ports: Needs): Promise<Swept> {
  const now = ports.clock.now();
  const pass = new Pass(ports.clock);
  if (!(await ports.jobs.beginSweep(now))) return pass.result([], []);
  await pass.part("close", () => ports.jobs.closeComplete(now));
  const jobs = await pass.publishEach(
    "jobs",
    () => ports.jobs.stuck(now),
    (job) => revive(ports, job),
  );
  const effects = await pass.publishEach(
    "effects",
    () => ports.effects.leftOver(now),
    ports.runs.applyEffects,
  );
  const due = async () =>
    (await ports.settings.due(now)).map((waiting) => ({ ...waiting, id: waiting.chargerId }));
  await pass.publishEach("settings", due, ({ chargerId, revision, attempt }) =>
    ports.runs.applySettings({ chargerId, revision, attempt, generation: null }),
  );
  await pass.publishEach(
    "reconcile",
    () => nextPart(ports, now),
    (batch) => ports.runs.applyEffects({ ...batch, attempt: 0 }),
  );
  await sweepTags(ports, pass, now);
  await sweepWebhooks(ports, pass, now);
  // In case that a line was not told of an event.
  await pass.publishEach(
    "liveLines",
    () => ports.events.liveDue(),
    ({ id }) => ports.liveLines.wake(id),
  );
  await pass.part("prune", () => ports.history.prune(now));
  return pass.result(
    jobs.map(({ id }) => id),
    effects.map(({ id }) => id),
  );
}

/**
 * Publishes again what the tag registry was not told, jobs of tags that lost their run, managed lists that are not in line with
 * the tags, and once a day a look at all tags of an organisation.
 */
async function sweepTags(ports: Needs, pass: Pass, now: Date): Promise<void> {
  const { tagRegistry, tagJobs, localLists, runs, ids } = ports;
  await pass.publishEach("tags", () => tagRegistry.leftOver(now), runs.applyTagEffects);
  await pass.publishEach("tagJobs", () => tagJobs.stuck(now), runs.runTagJob);
  const next = async () => {
    const batches: EffectBatch[] = [];
    while (batches.length < TAG_SETS_PER_PASS) {
      const batch = await tagRegistry.reconcileNext(ids.uuid(), now);
      if (!batch) break;
      batches.push(batch);
    }
    return batches;
  };
  // One run per list and minute: changes of many tags become one.
  const due = async () => (await localLists.due(now)).map((list) => ({ ...list, id: list.chargerId }));
  await pass.publishEach("localLists", due, runs.syncLocalList);
  await pass.publishEach("reconcileTags", next, (batch) => runs.applyTagEffects({ ...batch, attempt: 0 }));
}

/** Publishes deliveries of webhooks that did not get on, and replays that lost their message. */
async function sweepWebhooks(ports: Needs, pass: Pass, now: Date): Promise<void> {
  const { deliveries, messages, clock } = ports;
  await pass.part("deliveries", () => sweepDeliveries(ports, clock.now().getTime() + PART_MS));
  const stuck = async () =>
    (await deliveries.stuckReplays(now)).map((cause) => ({ ...cause, id: cause.webhookId }));
  await pass.publishEach("replays", stuck, (cause) => messages.replayWebhook(cause, 0));
}

class Pass {
  readonly #clock: Ports["clock"];
  readonly #failed: string[] = [];
  #isEngineHanging = false;

  constructor(clock: Ports["clock"]) {
    this.#clock = clock;
  }

  result(jobs: string[], effects: string[]): Swept {
    return { jobs, effects, failed: this.#failed };
  }

  /** Runs one part and records its failure; null: it failed. */
  async part<T>(name: string, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      const reason = error instanceof Error ? error.message : "unknown";
      console.error(JSON.stringify({ event: "sweep.failed", part: name, reason }));
      this.#failed.push(name);
      return null;
    }
  }

  /** Publishes items in parallel and returns those that the engine accepted. */
  async publishEach<T extends { id: string }>(
    name: string,
    find: () => Promise<T[]>,
    publish: (item: T) => Promise<void>,
  ): Promise<T[]> {
    const found = (await this.part(name, find)) ?? [];
    const queue = found.values();
    const published: T[] = [];
    const endMs = this.#nowMs() + PART_MS;
    const worker = async () => {
      while (!this.#isEngineHanging && this.#nowMs() < endMs) {
        const { value: item, done } = queue.next();
        if (done) return;
        const startMs = this.#nowMs();
        const isTaken = await this.part(`${name} ${item.id}`, async () => {
          await publish(item);
          return true;
        });
        if (isTaken) published.push(item);
        else if (this.#nowMs() - startMs >= HANGING_MS) this.#isEngineHanging = true;
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, worker));
    return published;
  }

  #nowMs(): number {
    return this.#clock.now().getTime();
  }
}

/**
 * Stores effects for the next part of all chargers (see RecoveryStore). A batch that is not published now is
 * published as left over later.
 */
async function nextPart(ports: Needs, now: Date): Promise<EffectBatch[]> {
  const batch = await ports.recovery.next(ports.ids.uuid(), now);
  return batch ? [batch] : [];
}

async function revive(ports: Needs, job: StuckJob): Promise<void> {
  if (job.action === "giveUp") {
    await ports.jobs.giveUp(job.id, { neverStarted: DISPATCH_FAILED, unfinished: STUCK }, ports.clock.now());
    return;
  }
  const { id, organizationId, total, attempt, chargerId } = job;
  if (job.type !== "charger_create") await ports.runs.dispatch({ id, organizationId, total, attempt });
  else if (chargerId) await ports.runs.provision({ id, organizationId, attempt }, [{ chargerId, seq: 0 }]);
  await ports.jobs.revived(job, ports.clock.now());
}
