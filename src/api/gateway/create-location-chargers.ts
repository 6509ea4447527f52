import type { z } from "zod";
import { acceptBatch } from "../../fleet/create/accept-batch.ts";
import { NotFound } from "../../errors.ts";
import { runId, runNames } from "../../run-ids.ts";
import { accepted, sendRecorded } from "../http/accepted.ts";
import { isResourceId } from "../http/resource-id.ts";
import { wsUrlRulesOf } from "./examine-target.ts";
import { examineGroups } from "./examine-groups.ts";
import { defineOperation } from "./surface.ts";
import { AcceptedHeaders } from "./schemas/headers.ts";
import { JobAcceptedResponse } from "./schemas/job.ts";
import { CreateLocationChargersRequest } from "./schemas/location-chargers.ts";
import { LocationParams } from "./schemas/location.ts";

const BODY_BYTES_MAX = 8 * 1024 * 1024;

export const createLocationChargers = defineOperation({
  operationId: "createLocationChargers",
  method: "post",
  path: "/ocpp/locations/{location_id}/chargers",
  tag: "location-chargers",
  summary: "Create chargers in a location (durable)",
  description:
    "Stores up to 10,000 chargers and provisions each as its own durable run. Poll `status_url` every 1 to 2 s until READY or FAILED.",
  role: "operator",
  params: LocationParams,
  body: { schema: CreateLocationChargersRequest, required: true, maxBytes: BODY_BYTES_MAX },
  isIdempotent: true,
  success: {
    status: 202,
    description: "Bulk charger provisioning accepted; poll status_url",
    schema: JobAcceptedResponse,
    headers: AcceptedHeaders,
  },
  refusals: [404],
  examine: (raw, c) => examineGroups(raw, c.get("ports").ids, wsUrlRulesOf(c)),
  handle: async ({ c, ports, organization, path: { location_id: locationId }, body, claim }) => {
    if (!isResourceId(locationId)) throw new NotFound("Location", locationId);
    const { replayed, ...recorded } = await acceptBatch(
      ports,
      {
        organization,
        locationId,
        blueprints: body.blueprints,
        chargers: body.chargers,
        claim,
        background: c.get("background"),
      },
      (job) => renderAccepted(locationId, job),
    );
    return sendRecorded(recorded, replayed);
  },
});

function renderAccepted(locationId: string, { jobId, published }: { jobId: string; published: boolean }) {
  const statusUrl = `/ocpp/locations/${locationId}/chargers/jobs/${jobId}`;
  const body: z.input<typeof JobAcceptedResponse> = {
    job_id: jobId,
    status: published ? "PROVISIONING" : "PENDING",
    status_url: statusUrl,
    workflow_run_id: published ? runId(runNames.job(jobId)) : null,
  };
  return accepted(statusUrl, body);
}
