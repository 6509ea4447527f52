import { createRoute } from "@hono/zod-openapi";
import { retryJob } from "../../fleet/control-job.ts";
import { operator } from "./access.ts";
import { operation } from "./operation.ts";
import { pollAgain } from "./poll-again.ts";
import { conflict, failures, notFound } from "./schemas/error.ts";
import { JobAcceptedResponse, JobParams } from "./schemas/job.ts";

const route = createRoute({
  operationId: "retryLocationChargersJob",
  method: "post",
  path: "/ocpp/locations/{location_id}/chargers/jobs/{job_id}/retry",
  tags: ["location-chargers"],
  summary: "Retry failed chargers of a bulk job",
  description:
    "Opens the failed chargers of a finished job whose error is `retryable`; the others stay as they are. While the job is open a repeat changes nothing.",
  security: [{ HTTPBearer: [] }],
  middleware: operator,
  request: { params: JobParams },
  responses: {
    202: {
      description: "Failed chargers are provisioned again",
      content: { "application/json": { schema: JobAcceptedResponse } },
    },
    ...notFound,
    ...conflict,
    ...failures,
  },
});

export const retryLocationChargersJob = operation(route, async (c) => {
  const { location_id: locationId, job_id: jobId } = c.req.valid("param");
  const job = { organizationId: c.get("organization").id, locationId, jobId };
  const { runId } = await retryJob(c.get("ports"), job, c.get("background"));
  const statusUrl = `/ocpp/locations/${locationId}/chargers/jobs/${jobId}`;
  c.header("Location", statusUrl);
  pollAgain(c, "PROVISIONING");
  const body = {
    job_id: jobId,
    status: "PROVISIONING" as const,
    status_url: statusUrl,
    workflow_run_id: runId,
  };
  return c.json(body, 202);
});
