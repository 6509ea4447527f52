import { z } from "zod";
import { waitFor } from "./wait-for.ts";

export interface Access {
  url: string;
  apiKey: string;
}

const progress = z.object({
  total: z.number(),
  created: z.number(),
  failed: z.number(),
  pending: z.number(),
});
const itemError = z.object({ code: z.string(), message: z.string(), retryable: z.boolean() });

export const jobStatus = z.object({
  job_id: z.string(),
  status: z.enum(["PENDING", "PROVISIONING", "READY", "FAILED"]),
  workflow_run_id: z.string().nullable(),
  progress,
  results: z
    .object({
      created: z.array(z.object({ id: z.string(), identity: z.string() })),
      failed: z.array(
        z.object({ identity: z.string(), charger_id: z.string().nullable(), error: itemError }),
      ),
    })
    .nullable(),
});
export type JobStatus = z.infer<typeof jobStatus>;

/** Sends one request with the owner's key and parses the JSON of the answer. */
export async function call(
  access: Access,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) {
  const response = await fetch(access.url + path, {
    method,
    headers: {
      authorization: `Bearer ${access.apiKey}`,
      "x-api-key": access.apiKey,
      "content-type": "application/json",
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  const json: unknown = text === "" ? null : JSON.parse(text);
  return { status: response.status, headers: response.headers, body: json };
}

export async function createLocation(access: Access): Promise<string> {
  const { status, body } = await call(access, "POST", "/ocpp/locations", { name: "Depot" });
  if (status !== 201) throw new Error(`location: ${status} ${JSON.stringify(body)}`);
  return z.object({ id: z.string() }).parse(body).id;
}

export interface Batch {
  locationId: string;
  jobId: string;
  statusUrl: string;
  read(): Promise<JobStatus>;
  /** Resolves with the first poll that shows at least this share of the batch as finished. */
  until(share: number, deadlineMs?: number): Promise<JobStatus>;
  /** Resolves when the job is terminal. Rejects when the numbers of a poll do not add up. */
  finished(deadlineMs?: number): Promise<JobStatus>;
}

const accepted = z.object({ job_id: z.string(), status_url: z.string() });

export interface BatchOptions {
  chargers: number;
  runtime?: "simulated" | "external";
  version?: string;
  locationId?: string;
  prefix?: string;
}

/** Posts one group of chargers and follows the job. */
export async function postBatch(access: Access, options: BatchOptions): Promise<Batch> {
  const locationId = options.locationId ?? (await createLocation(access));
  const template = {
    brand_slug: "generic",
    model_slug: "generic-ac-22kw",
    ocpp_version: options.version ?? "OCPP1.6",
    identity_prefix: options.prefix ?? `T${Math.random().toString(36).slice(2, 8)}-`,
    runtime: options.runtime ?? "simulated",
  };
  const path = `/ocpp/locations/${locationId}/chargers`;
  const { status, body } = await call(access, "POST", path, [
    { template, chargers_number: options.chargers },
  ]);
  if (status !== 202) throw new Error(`batch: ${status} ${JSON.stringify(body)}`);
  const { job_id: jobId, status_url: statusUrl } = accepted.parse(body);
  const place = { locationId, jobId, statusUrl };
  return { ...place, ...followBatch(access, place, options.chargers) };
}

/** Polls a job. @throws Error when the numbers of a poll do not add up */
export function followBatch(
  access: Access,
  { statusUrl }: Pick<Batch, "statusUrl">,
  chargers: number,
): Pick<Batch, "read" | "until" | "finished"> {
  const read = async () => {
    const poll = await call(access, "GET", statusUrl);
    if (poll.status !== 200) throw new Error(`poll: ${poll.status} ${JSON.stringify(poll.body)}`);
    const job = jobStatus.parse(poll.body);
    const { total, created, failed, pending } = job.progress;
    if (total !== chargers || created + failed + pending !== total)
      throw new Error(`progress does not add up: ${JSON.stringify(job.progress)}`);
    return job;
  };
  const reach = (what: string, done: (job: JobStatus) => boolean, deadlineMs: number) =>
    waitFor(
      what,
      async () => {
        const job = await read();
        return done(job) ? job : false;
      },
      deadlineMs,
    );
  return {
    read,
    until: (share, deadlineMs = 120_000) =>
      reach(`${share} of the batch`, (job) => job.progress.pending <= chargers * (1 - share), deadlineMs),
    finished: (deadlineMs = 120_000) =>
      reach("a terminal job", (job) => job.status === "READY" || job.status === "FAILED", deadlineMs),
  };
}
