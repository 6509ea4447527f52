import { createRoute } from "@hono/zod-openapi";
import type { z } from "zod";
import { acceptBatch } from "../../fleet/accept-batch.ts";
import { NotFound } from "../../errors.ts";
import { accepted, sendRecorded } from "../http/accepted.ts";
import { isResourceId } from "../http/resource-id.ts";
import { operator } from "./access.ts";
import { claimOf } from "./claim.ts";
import { wsUrlRulesOf } from "./examine-target.ts";
import { examineGroups } from "./examine-groups.ts";
import { operation } from "./operation.ts";
import { bodyFailures, notFound } from "./schemas/error.ts";
import { IdempotencyHeader } from "./schemas/fields.ts";
import { AcceptedHeaders } from "./schemas/headers.ts";
import { JobAcceptedResponse } from "./schemas/job.ts";
import { CreateLocationChargersRequest } from "./schemas/location-chargers.ts";
import { LocationParams } from "./schemas/location.ts";

const BODY_BYTES_MAX = 8 * 1024 * 1024;

const route = createRoute({
  operationId: "createLocationChargers",
  method: "post",
  path: "/ocpp/locations/{location_id}/chargers",
  tags: ["location-chargers"],
  summary: "Create chargers in a location (durable)",
  description:
    "Stores up to 10,000 chargers and provisions each as its own durable run. Poll `status_url` every 1 to 2 s until READY or FAILED.",
  security: [{ HTTPBearer: [] }],
  middleware: operator,
  request: {
    params: LocationParams,
    headers: IdempotencyHeader,
    body: { required: true, content: { "application/json": { schema: CreateLocationChargersRequest } } },
  },
  responses: {
    202: {
      description: "Bulk charger provisioning accepted; poll status_url",
      content: { "application/json": { schema: JobAcceptedResponse } },
      headers: AcceptedHeaders,
    },
    ...notFound,
    ...bodyFailures,
  },
});

export const createLocationChargers = operation(
  route,
  {
    maxBytes: BODY_BYTES_MAX,
    examine: (raw, c) => examineGroups(raw, c.get("ports").ids, wsUrlRulesOf(c)),
  },
  async (c, { body, raw }) => {
    const locationId = c.req.valid("param").location_id;
    if (!isResourceId(locationId)) throw new NotFound("Location", locationId);
    const { replayed, ...recorded } = await acceptBatch(
      c.get("ports"),
      {
        organization: c.get("organization"),
        locationId,
        blueprints: body.blueprints,
        chargers: body.chargers,
        claim: await claimOf(c, raw),
        background: c.get("background"),
      },
      (job) => renderAccepted(locationId, job),
    );
    return sendRecorded(recorded, replayed);
  },
);

function renderAccepted(locationId: string, { jobId, published }: { jobId: string; published: boolean }) {
  const statusUrl = `/ocpp/locations/${locationId}/chargers/jobs/${jobId}`;
  const body: z.input<typeof JobAcceptedResponse> = {
    job_id: jobId,
    status: published ? "PROVISIONING" : "PENDING",
    status_url: statusUrl,
    workflow_run_id: published ? `wfr_${jobId}` : null,
  };
  return accepted(statusUrl, body);
}
