import { NotFound } from "../../errors.ts";
import { cancelJob, retryJob } from "../../fleet/provision/control-job.ts";
import type { Job } from "../../ports.ts";
import { pollAgain } from "../http/accepted.ts";
import { entityTag, isCurrent } from "../http/etag.ts";
import { isResourceId } from "../http/resource-id.ts";
import { PolledHeaders } from "./schemas/headers.ts";
import { JobAcceptedResponse, JobParams, JobStatusResponse, jobStatusResponse } from "./schemas/job.ts";
import { defineOperation } from "./surface.ts";

export const getLocationChargersJob = defineOperation({
  operationId: "getLocationChargersJob",
  method: "get",
  path: "/ocpp/locations/{location_id}/chargers/jobs/{job_id}",
  tag: "location-chargers",
  summary: "Get bulk job status",
  description:
    "READY means that every item is terminal; look at `progress.failed` for success. While the job runs an answer may be up to a second old.",
  role: "viewer",
  params: JobParams,
  isConditional: true,
  success: {
    status: 200,
    description: "Status retrieved",
    schema: JobStatusResponse,
    headers: PolledHeaders,
  },
  refusals: [404],
  handle: async ({ c, ports, organization, path: { location_id: locationId, job_id: jobId } }) => {
    const isPossible = isResourceId(locationId) && isResourceId(jobId);
    const ref = { organizationId: organization.id, locationId, jobId };
    const isKnown = (state: JobState) => isCurrent(c, jobTag(state));
    const job = isPossible ? await ports.jobs.poll(ref, ports.clock.now(), isKnown) : null;
    if (!job) throw new NotFound("Job", jobId);
    c.header("ETag", jobTag(job));
    pollAgain(c, job.status);
    return isKnown(job) ? c.body(null, 304) : jobStatusResponse(job);
  },
});

type JobState = Omit<Job, "results">;

/** ETag of a job. The chargers in its results are fixed and their revisions only grow, so the sum shows every change. */
function jobTag({ status, workflowRunId, progress, revision }: JobState): string {
  return entityTag(status, workflowRunId, progress.created, progress.failed, progress.pending, revision);
}

export const cancelLocationChargersJob = defineOperation({
  operationId: "cancelLocationChargersJob",
  method: "post",
  path: "/ocpp/locations/{location_id}/chargers/jobs/{job_id}/cancel",
  tag: "location-chargers",
  summary: "Cancel bulk job",
  description:
    "Chargers that are not ready yet fail with `CANCELLED`; objects that were made for them are removed after the answer. A finished job is not changed.",
  role: "operator",
  params: JobParams,
  success: { status: 200, description: "Job cancelled, or finished before", schema: JobStatusResponse },
  refusals: [404],
  handle: async ({ c, ports, organization, path: { location_id: locationId, job_id: jobId } }) => {
    const ref = { organizationId: organization.id, locationId, jobId };
    await cancelJob(ports, ref, c.get("background"));
    const job = await ports.jobs.get(organization.id, locationId, jobId);
    if (!job) throw new NotFound("Job", jobId);
    return jobStatusResponse(job);
  },
});

export const retryLocationChargersJob = defineOperation({
  operationId: "retryLocationChargersJob",
  method: "post",
  path: "/ocpp/locations/{location_id}/chargers/jobs/{job_id}/retry",
  tag: "location-chargers",
  summary: "Retry failed chargers of a bulk job",
  description:
    "Opens the failed chargers of a finished job whose error is `retryable`; the others stay as they are. While the job is open a repeat changes nothing.",
  role: "operator",
  params: JobParams,
  success: {
    status: 202,
    description: "Failed chargers are provisioned again",
    schema: JobAcceptedResponse,
  },
  refusals: [404, 409],
  handle: async ({ c, ports, organization, path: { location_id: locationId, job_id: jobId } }) => {
    const ref = { organizationId: organization.id, locationId, jobId };
    const { runId } = await retryJob(ports, ref, c.get("background"));
    const statusUrl = `/ocpp/locations/${locationId}/chargers/jobs/${jobId}`;
    c.header("Location", statusUrl);
    pollAgain(c, "PROVISIONING");
    return {
      job_id: jobId,
      status: "PROVISIONING" as const,
      status_url: statusUrl,
      workflow_run_id: runId,
    };
  },
});
