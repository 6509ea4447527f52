import { createRoute } from "@hono/zod-openapi";
import { NotFound } from "../../errors.ts";
import { cancelJob } from "../../fleet/control-job.ts";
import { operator } from "./access.ts";
import { operation } from "./operation.ts";
import { failures, notFound } from "./schemas/error.ts";
import { JobParams, JobStatusResponse, jobStatusResponse } from "./schemas/job.ts";

const route = createRoute({
  operationId: "cancelLocationChargersJob",
  method: "post",
  path: "/ocpp/locations/{location_id}/chargers/jobs/{job_id}/cancel",
  tags: ["location-chargers"],
  summary: "Cancel bulk job",
  description:
    "Chargers that are not ready yet fail with `CANCELLED`; what was begun of them is undone behind the answer. A finished job stays as it is.",
  security: [{ HTTPBearer: [] }],
  middleware: operator,
  request: { params: JobParams },
  responses: {
    200: {
      description: "Job cancelled, or finished before",
      content: { "application/json": { schema: JobStatusResponse } },
    },
    ...notFound,
    ...failures,
  },
});

export const cancelLocationChargersJob = operation(route, async (c) => {
  const { location_id: locationId, job_id: jobId } = c.req.valid("param");
  const organizationId = c.get("organization").id;
  await cancelJob(c.get("ports"), { organizationId, locationId, jobId }, c.get("background"));
  const job = await c.get("ports").jobs.get(organizationId, locationId, jobId);
  if (!job) throw new NotFound("Job", jobId);
  return c.json(jobStatusResponse(job), 200);
});
