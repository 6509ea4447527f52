import type { Ports } from "../ports.ts";

/** Chargers per dispatcher step: one statement, one batch publish. */
export const SLICE_SIZE = 100;

/** Starts the runs of the open chargers of one slice; a repeat starts the same runs again, which is harmless. */
export async function dispatchSlice(
  ports: Pick<Ports, "jobs" | "runs">,
  job: { id: string; attempt: number },
  slice: number,
): Promise<number> {
  const open = await ports.jobs.openSlice(job.id, slice * SLICE_SIZE, (slice + 1) * SLICE_SIZE);
  const first = open[0];
  if (first === undefined) return 0;
  await ports.runs.provision(
    { id: job.id, organizationId: first.organizationId, attempt: job.attempt },
    open,
  );
  return open.length;
}

/** Known when the job is accepted, so that the number of steps of a run never depends on I/O. */
export function sliceCount(total: number): number {
  return Math.ceil(total / SLICE_SIZE);
}
