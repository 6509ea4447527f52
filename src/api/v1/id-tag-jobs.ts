import { z } from "@hono/zod-openapi";
import { NotFound } from "../../errors.ts";
import { ulidOf } from "../../fleet/ids.ts";
import type { ImportedTag, Ports, TagJob } from "../../ports.ts";
import { acceptImport } from "../../tags/import-tags.ts";
import { accepted, sendRecorded } from "../http/accepted.ts";
import { timestamp } from "./fields.ts";
import { importedTag, type ImportedTagBody } from "./id-tag-fields.ts";
import { defineOperation } from "./surface.ts";

const TAG = "Id tags";
const IMPORT_MAX = 10_000;
const BODY_BYTES_MAX = 10 * 1024 * 1024;

const jobStatus = z.enum(["pending", "running", "done"]);

export const acceptedJob = z.object({ jobId: z.uuid(), status: jobStatus, statusUrl: z.string() });

const acceptedHeaders = z.object({
  Location: z.string().openapi({ description: "Where the job is shown; `statusUrl` of the body" }),
  "Retry-After": z.string().openapi({ description: "When to ask for it first, in seconds" }),
});

/** The 202 answer of a job of id tags. */
export function acceptedAnswer(jobId: string) {
  const statusUrl = `/api/v1/id-tag-jobs/${jobId}`;
  const body: z.infer<typeof acceptedJob> = { jobId, status: "pending", statusUrl };
  return accepted(statusUrl, body);
}

function importedOf({ ids }: Pick<Ports, "ids">, body: ImportedTagBody): ImportedTag {
  const { idTag, name = null, expiryDate: expiresAt = null, groupId = null, type = null } = body;
  const { chargeBoxIds = [], status = "active" } = body;
  return { id: `tag_${ulidOf(ids.uuid())}`, idTag, name, status, type, groupId, expiresAt, chargeBoxIds };
}

export const importIdTags = defineOperation({
  method: "post",
  path: "/id-tags/import",
  operationId: "importIdTags",
  summary: "Import up to 10,000 id tags in one durable job",
  description:
    "Poll `statusUrl` until the job is `done`. A tag that cannot be imported, because it exists or names a charger that does not, is a failure of the job by its place in the list; the others are imported.",
  tag: TAG,
  role: "owner",
  body: {
    schema: z.strictObject({ idTags: z.array(importedTag).min(1).max(IMPORT_MAX) }),
    maxBytes: BODY_BYTES_MAX,
  },
  isIdempotent: true,
  success: { status: 202, description: "Stored", schema: acceptedJob, headers: acceptedHeaders },
  refusals: [409, 422],
  handle: async ({ c, ports, organization, body, claim }) => {
    const jobId = ports.ids.uuid();
    const record = acceptedAnswer(jobId);
    const tags = body.idTags.map((tag) => importedOf(ports, tag));
    const background = c.get("background");
    const job = { organizationId: organization.id, jobId, tags, claim, record, background };
    const result = await acceptImport(ports, job);
    return sendRecorded(result.kind === "replayed" ? result.response : record, result.kind === "replayed");
  },
});

const failure = z.object({
  index: z.int().openapi({ description: "Place in the list of the request" }),
  idTag: z.string(),
  error: z.object({
    code: z.string().openapi({ description: "ID_TAG_EXISTS, CHARGER_NOT_FOUND or ID_TAG_TOO_LONG" }),
    message: z.string(),
  }),
});

const jobSchema = z
  .object({
    jobId: z.uuid(),
    type: z.enum(["import", "erase"]),
    status: jobStatus,
    progress: z
      .object({ total: z.int(), done: z.int(), failed: z.int(), pending: z.int() })
      .openapi({ description: "In tags of an import, in chargers of an erasure" }),
    failures: z.array(failure).openapi({ description: "Once the job is done" }),
    createdAt: timestamp,
    finishedAt: timestamp.nullable(),
  })
  .openapi("IdTagJob");

const STATUS = { PENDING: "pending", RUNNING: "running", DONE: "done" } as const;

function jobBody(job: TagJob): z.infer<typeof jobSchema> {
  return {
    jobId: job.id,
    type: job.type,
    status: STATUS[job.status],
    progress: job.progress,
    failures: job.failures,
    createdAt: job.createdAt.toISOString(),
    finishedAt: job.finishedAt?.toISOString() ?? null,
  };
}

export const getIdTagJob = defineOperation({
  method: "get",
  path: "/id-tag-jobs/{tagJobId}",
  operationId: "getIdTagJob",
  summary: "Show how far a job of id tags has come; kept for 30 days",
  tag: TAG,
  role: "viewer",
  params: z.object({ tagJobId: z.string() }),
  success: { status: 200, description: "The job", schema: jobSchema },
  refusals: [404],
  handle: async ({ c, ports, organization, path: { tagJobId } }) => {
    const job = await ports.tagJobs.get(organization.id, tagJobId);
    if (!job) throw new NotFound("Id Tag job", tagJobId);
    if (job.status !== "DONE") c.header("Retry-After", "1");
    return jobBody(job);
  },
});
