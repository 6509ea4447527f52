import { z } from "@hono/zod-openapi";
import type { Job } from "../../../ports.ts";
import { ChargerProvisioningStatus, ChargerResponse, chargerResponse } from "./charger.ts";
import { ItemError, ProvisioningError, itemError } from "./error.ts";
import { dateTime } from "./fields.ts";
import { LocationParams } from "./location.ts";

export const JobAcceptedResponse = z
  .object({
    job_id: z.string(),
    status: ChargerProvisioningStatus,
    status_url: z.string(),
    workflow_run_id: z.string().nullable(),
  })
  .openapi("JobAcceptedResponse", {
    example: {
      job_id: "0199f3c2-8e00-7a10-9b1c-0d2f4a6b8c11",
      status: "PROVISIONING",
      status_url:
        "/ocpp/locations/4090477f-a416-4515-a302-97aa344a0a2a/chargers/jobs/0199f3c2-8e00-7a10-9b1c-0d2f4a6b8c11",
      workflow_run_id: "wfr_0199f3c2-8e00-7a10-9b1c-0d2f4a6b8c11",
    },
  });

const JobProgress = z
  .object({
    total: z.number().int(),
    created: z.number().int(),
    failed: z.number().int(),
    pending: z.number().int(),
  })
  .openapi("JobProgress", {
    description: "total = created + failed + pending",
    example: { total: 3, created: 1, failed: 1, pending: 1 },
  });

const JobResults = z.object({
  created: z.array(ChargerResponse),
  failed: z.array(z.object({ identity: z.string(), charger_id: z.string().nullable(), error: ItemError })),
});

export const JobStatusResponse = z
  .object({
    job_id: z.string(),
    job_type: z.string().nullable(),
    status: ChargerProvisioningStatus.nullable(),
    workflow_run_id: z.string().nullable(),
    error: ProvisioningError.nullable().openapi({
      description: "Set when the batch itself could not be run",
    }),
    results: JobResults.nullable().openapi({
      description: "Null until every item is terminal; in request order",
    }),
    provisioned_at: dateTime.nullable(),
    progress: JobProgress,
  })
  .openapi("JobStatusResponse");

export const JobParams = LocationParams.extend({
  job_id: z.string().openapi({ description: "`job_id` of createLocationChargers" }),
});

export function jobStatusResponse(job: Job): z.infer<typeof JobStatusResponse> {
  return {
    job_id: job.id,
    job_type: job.type,
    status: job.status,
    workflow_run_id: job.workflowRunId,
    error: job.error && itemError(job.error),
    results: job.results && resultsOf(job.results),
    provisioned_at: job.provisionedAt?.toISOString() ?? null,
    progress: job.progress,
  };
}

function resultsOf({ created, failed }: NonNullable<Job["results"]>): z.infer<typeof JobResults> {
  const failures = failed.map(({ identity, chargerId, error }) => ({
    identity,
    charger_id: chargerId,
    error: itemError(error),
  }));
  return { created: created.map(chargerResponse), failed: failures };
}
