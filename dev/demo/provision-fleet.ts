import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { ApiClient } from "./api-client.ts";
import { fleetRequest, type Runtime } from "./fleet-request.ts";

const STALLED_AFTER_MS = 120_000;

const progress = z.object({
  total: z.number(),
  created: z.number(),
  failed: z.number(),
  pending: z.number(),
});
export type Progress = z.infer<typeof progress>;

const location = z.object({ id: z.string() });
const accepted = z.object({ job_id: z.string(), status_url: z.string() });
const failure = z.object({
  identity: z.string(),
  error: z.object({ code: z.string(), message: z.string() }),
});
const job = z.object({
  status: z.enum(["PENDING", "PROVISIONING", "READY", "FAILED"]),
  progress,
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  results: z
    .object({
      created: z.array(z.object({ id: z.string(), identity: z.string() })),
      failed: z.array(failure),
    })
    .nullable(),
  provisioned_at: z.string().nullable(),
});
type Job = z.infer<typeof job>;

export interface ProvisionedFleet {
  jobId: string;
  statusUrl: string;
  acceptMs: number;
  /** From the 202 to the end time of the job. */
  readySeconds: number;
  /** Identities that are READY. */
  identities: string[];
  /** Ids of the same chargers. */
  chargerIds: string[];
  locationId: string;
  failed: number;
  /** Why the first failed charger failed, as text for the user. */
  firstFailure: string | undefined;
}

/** Creates a location, posts one batch into it and polls the job to its end. */
export async function provisionFleet(
  api: ApiClient,
  chargers: number,
  runtime: Runtime,
  onProgress: (progress: Progress) => void,
): Promise<ProvisionedFleet> {
  const place = await api.post(
    "/ocpp/locations",
    { name: "Demo depot", city: "Paris", country: "FR" },
    location,
  );
  const batchPath = `/ocpp/locations/${place.body.id}/chargers`;
  const batch = await api.post(batchPath, fleetRequest(chargers, runtime), accepted, {
    "idempotency-key": randomUUID(),
  });
  const acceptedAt = Date.now();
  const done = await pollToEnd(api, batch.body.status_url, onProgress);
  const endedAt = done.provisioned_at === null ? Date.now() : Date.parse(done.provisioned_at);
  const failed = done.results?.failed ?? [];
  return {
    jobId: batch.body.job_id,
    statusUrl: batch.body.status_url,
    acceptMs: batch.elapsedMs,
    // The job may have ended before its 202 was read.
    readySeconds: Math.max(endedAt - acceptedAt, 1) / 1000,
    identities: (done.results?.created ?? []).map((one) => one.identity),
    chargerIds: (done.results?.created ?? []).map((one) => one.id),
    locationId: place.body.id,
    failed: done.status === "FAILED" ? chargers : failed.length,
    firstFailure: describeFailure(done, failed[0]),
  };
}

function describeFailure(done: Job, first: z.infer<typeof failure> | undefined): string | undefined {
  if (done.error) return `${done.error.code}: ${done.error.message}`;
  return first && `${first.identity}: ${first.error.code}: ${first.error.message}`;
}

async function pollToEnd(
  api: ApiClient,
  statusUrl: string,
  onProgress: (progress: Progress) => void,
): Promise<Job> {
  let pending = Number.POSITIVE_INFINITY;
  let movedAt = Date.now();
  for (;;) {
    const { body, headers } = await api.get(statusUrl, job);
    onProgress(body.progress);
    if (body.status === "READY" || body.status === "FAILED") return body;
    if (body.progress.pending < pending) {
      pending = body.progress.pending;
      movedAt = Date.now();
    }
    if (Date.now() - movedAt > STALLED_AFTER_MS) {
      throw new Error(
        `no charger became ready within ${STALLED_AFTER_MS / 1000} s; ${pending} are still pending`,
      );
    }
    await delay(Number(headers.get("retry-after") ?? 1) * 1000);
  }
}
