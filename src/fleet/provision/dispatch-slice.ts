import type { Ports, ProvisioningWork } from "../../ports.ts";

/** Chargers per dispatcher step: one statement, one batch publish. */
const SLICE_SIZE = 100;

/**
 * Starts the runs of the PENDING chargers of one slice. Idempotent, because run ids are deterministic. Returns the
 * number of chargers.
 */
export async function dispatchSlice(
  ports: Pick<Ports, "jobs" | "runs" | "clock">,
  prefetched: PrefetchedWork,
  job: { id: string; attempt: number },
  slice: number,
): Promise<number> {
  const open = await ports.jobs.openSlice(job.id, slice * SLICE_SIZE, (slice + 1) * SLICE_SIZE);
  const organizationId = open[0]?.organizationId;
  if (organizationId === undefined) return 0;
  prefetched.put(
    open.flatMap(({ work }) => work ?? []),
    ports.clock.now().getTime(),
  );
  await ports.runs.provision({ id: job.id, organizationId, attempt: job.attempt }, open);
  return open.length;
}

/**
 * Number of slices of a job. It depends on the total alone, so that the steps of the dispatcher run are the same in
 * every replay.
 */
export function sliceCount(total: number): number {
  return Math.ceil(total / SLICE_SIZE);
}

/** Age from which a prefetched row is not used. */
const FRESH_MS = 60_000;
const ENTRIES_MAX = 10_000;

/**
 * Rows that the dispatcher has read, for charger runs in the same isolate: one statement per slice instead of one per
 * charger. An entry is returned once, so a repeated run reads the row itself. If the charger has changed since, the
 * compare-and-set that settles it fails.
 */
export class PrefetchedWork {
  readonly #entries = new Map<string, { work: ProvisioningWork; untilMs: number }>();

  put(works: ProvisioningWork[], nowMs: number): void {
    if (this.#entries.size + works.length > ENTRIES_MAX) this.#entries.clear();
    for (const work of works) this.#entries.set(work.chargerId, { work, untilMs: nowMs + FRESH_MS });
  }

  take(jobId: string, chargerId: string, nowMs: number): ProvisioningWork | null {
    const entry = this.#entries.get(chargerId);
    if (entry === undefined) return null;
    this.#entries.delete(chargerId);
    return entry.untilMs > nowMs && entry.work.jobId === jobId ? entry.work : null;
  }
}
