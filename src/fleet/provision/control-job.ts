import { Conflict, NotFound } from "../../errors.ts";
import type { Background, JobRef, Ports } from "../../ports.ts";
import { runId, runNames } from "../../run-ids.ts";
import { publishInTime } from "../publish.ts";

type Needs = Pick<Ports, "jobs" | "runs" | "ids" | "clock">;

/**
 * Cancels a batch: PENDING chargers fail with CANCELLED at once, and the runs of the job are cancelled. Steps in
 * progress finish; the effects that this stores undo what they did. Idempotent. @throws NotFound
 */
export async function cancelJob(ports: Needs, job: JobRef, background: Background): Promise<void> {
  const cancelled = await ports.jobs.cancel(job, ports.ids.uuid(), ports.clock.now());
  if (!cancelled) throw new NotFound("Job", job.jobId);
  const { attempt, effects } = cancelled;
  if (!effects) return;
  background(ports.runs.cancel([runId(runNames.job(job.jobId, attempt))]));
  await publishInTime(
    () => ports.runs.applyEffects({ ...effects, attempt: 0 }),
    async () => {},
    background,
  );
}

/**
 * Provisions the retryable failed chargers of a finished batch again, under new run ids. A repeat finds the job open
 * and changes nothing. If the publish fails, the sweeper starts the run. @throws NotFound. Conflict: no failed
 * charger is retryable
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
  return { runId: runId(runNames.job(job.jobId, attempt)) };
}
