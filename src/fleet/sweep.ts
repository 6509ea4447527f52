import type { EffectBatch, ItemError, Ports, StuckJob } from "../ports.ts";

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

/** Publishes at once. */
const PARALLEL = 3;
/** For the publishes of one part of a pass: the next pass comes in a minute, and the parts behind have their turn before. */
const PART_MS = 10_000;
/** A publish that took so long was ended by its deadline. An engine that hangs is left alone for the rest of the pass. */
const HANGING_MS = 5000;

type Needs = Pick<Ports, "jobs" | "effects" | "settings" | "runs" | "recovery" | "history" | "ids" | "clock">;

/** What a pass brought on its way again, by id, and what it failed at. */
export interface Swept {
  jobs: string[];
  effects: string[];
  failed: string[];
}

/**
 * The safety net, once a minute, one winner per pass: what lost its run is published again, what never progresses is
 * given up, what is complete is closed. Alone it brings every accepted job to an end, whatever the engine forgets. What
 * fails ends its own turn and is tried again by the next pass; everything behind it runs all the same.
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
  await pass.part("prune", () => ports.history.prune(now));
  return pass.result(
    jobs.map(({ id }) => id),
    effects.map(({ id }) => id),
  );
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

  /** Null when it failed. */
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

  /** Those that were published. */
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

/** The next chargers of the look at all of them. Their effects are the promise: what is not published now is left over. */
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
