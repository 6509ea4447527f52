import { createRoute } from "@hono/zod-openapi";
import type { Context } from "hono";
import { NotFound } from "../../errors.ts";
import type { Job, JobStore } from "../../ports.ts";
import type { AppEnv } from "../http/context.ts";
import { conditional, entityTag } from "../http/etag.ts";
import { isResourceId } from "../http/resource-id.ts";
import { viewer } from "./access.ts";
import { JobPolls } from "./job-polls.ts";
import { operation } from "./operation.ts";
import { pollAgain } from "./poll-again.ts";
import { failures, notFound } from "./schemas/error.ts";
import { notModified, PolledHeaders } from "./schemas/headers.ts";
import { JobParams, JobStatusResponse, jobStatusResponse } from "./schemas/job.ts";

const route = createRoute({
  operationId: "getLocationChargersJob",
  method: "get",
  path: "/ocpp/locations/{location_id}/chargers/jobs/{job_id}",
  tags: ["location-chargers"],
  summary: "Get bulk job status",
  description:
    "READY means that every item is terminal; look at `progress.failed` for success. While the job runs an answer may be up to a second old.",
  security: [{ HTTPBearer: [] }],
  middleware: [...viewer, conditional()],
  request: { params: JobParams },
  responses: {
    200: {
      description: "Status retrieved",
      content: { "application/json": { schema: JobStatusResponse } },
      headers: PolledHeaders,
    },
    ...notModified,
    ...notFound,
    ...failures,
  },
});

export const getLocationChargersJob = operation(route, async (c) => {
  const { location_id: locationId, job_id: jobId } = c.req.valid("param");
  const isPossible = isResourceId(locationId) && isResourceId(jobId);
  const job = isPossible ? await pollJob(c, locationId, jobId) : null;
  if (!job) throw new NotFound("Job", jobId);
  c.header("ETag", jobTag(job));
  pollAgain(c, job.status);
  return c.json(jobStatusResponse(job), 200);
});

const polls = new WeakMap<JobStore, JobPolls>();

function pollJob(c: Context<AppEnv>, locationId: string, jobId: string): Promise<Job | null> {
  const { jobs, clock } = c.get("ports");
  const known = polls.get(jobs) ?? new JobPolls();
  polls.set(jobs, known);
  const organizationId = c.get("organization").id;
  const key = `${organizationId} ${locationId} ${jobId}`;
  return known.get(key, () => jobs.get(organizationId, locationId, jobId), clock.now().getTime());
}

/** Who is in `results` is fixed, but their rows are read live: revisions only grow, so their sum shows a change. */
function jobTag({ status, workflowRunId, progress, results }: Job): string {
  const revisions = results?.created.reduce((sum, charger) => sum + charger.revision, 0) ?? null;
  return entityTag(status, workflowRunId, progress.created, progress.failed, progress.pending, revisions);
}
