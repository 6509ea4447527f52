import { Conflict, NotFound } from "../errors.ts";
import type { Background, JobRef, Ports } from "../ports.ts";
import { publishInTime } from "./publish.ts";

type Needs = Pick<Ports, "jobs" | "runs" | "ids" | "clock">;

/**
 * Ends a batch: what is open fails with CANCELLED at once. What is in flight finishes, and is undone by the run that this starts;
 * the runs of the job are cancelled with it. Repeating it changes nothing. @throws NotFound
 */
export async function cancelJob(ports: Needs, job: JobRef, background: Background): Promise<void> {
  const cancelled = await ports.jobs.cancel(job, ports.ids.uuid(), ports.clock.now());
  if (!cancelled) throw new NotFound("Job", job.jobId);
  const { attempt, effects } = cancelled;
  if (!effects) return;
  background(ports.runs.cancel([`wfr_${job.jobId}${attempt > 0 ? `-r${attempt}` : ""}`]));
  await publishInTime(
    () => ports.runs.applyEffects({ ...effects, attempt: 0 }),
    async () => {},
    background,
  );
}

/**
 * Tries the failed chargers of a finished batch again that may be, under new run ids. A repeat finds them open and changes nothing.
 * Not published in time: the sweeper starts the run. @throws NotFound, Conflict when nothing can be tried again
 */
export async function retryJob(
  ports: Needs,
  job: JobRef,
  background: Background,
): Promise<{ runId: string }> {
  const retried = await ports.jobs.retry(job, ports.clock.now());
  if (!retried) throw new NotFound("Job", job.jobId);
  const { state, attempt, total } = retried;
  if (state === "nothing") throw new Conflict("Job has no failed charger that can be tried again");
  if (state === "opened")
    await publishInTime(
      () => ports.runs.dispatch({ id: job.jobId, organizationId: job.organizationId, total, attempt }),
      async () => {},
      background,
    );
  return { runId: `wfr_${job.jobId}${attempt > 0 ? `-r${attempt}` : ""}` };
}
