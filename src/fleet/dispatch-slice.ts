import type { Ports } from "../ports.ts";
import type { WorkAhead } from "./work-ahead.ts";

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
