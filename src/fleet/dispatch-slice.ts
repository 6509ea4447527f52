import type { Ports, ProvisioningWork } from "../ports.ts";

/** Chargers per dispatcher step: one statement, one batch publish. */
export const SLICE_SIZE = 100;

/** Starts the runs of the open chargers of one slice; a repeat starts the same runs again, which is harmless. */
export async function dispatchSlice(
  ports: Pick<Ports, "jobs" | "runs" | "clock">,
  ahead: WorkAhead,
  job: { id: string; attempt: number },
  slice: number,
): Promise<number> {
  const open = await ports.jobs.openSlice(job.id, slice * SLICE_SIZE, (slice + 1) * SLICE_SIZE);
  const organizationId = open[0]?.organizationId;
  if (organizationId === undefined) return 0;
  ahead.put(
    open.flatMap(({ work }) => work ?? []),
    ports.clock.now().getTime(),
  );
  await ports.runs.provision({ id: job.id, organizationId, attempt: job.attempt }, open);
  return open.length;
}

/** Known when the job is accepted, so that the number of steps of a run never depends on I/O. */
export function sliceCount(total: number): number {
  return Math.ceil(total / SLICE_SIZE);
}

/** A run that starts later than this reads its charger again. */
const FRESH_MS = 60_000;
const ENTRIES_MAX = 10_000;

/**
 * Work that the dispatcher has read a moment ago, for the runs it starts in the same isolate: one statement for a
 * slice instead of one per charger. Each entry is taken once, so a repeat of a run reads the row afresh; what changed
 * in between is decided where the charger is settled, by compare-and-set.
 */
export class WorkAhead {
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
