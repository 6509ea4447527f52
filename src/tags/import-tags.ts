import { publishInTime } from "../fleet/publish.ts";
import type {
  Background,
  Claimed,
  IdempotencyClaim,
  ImportedTag,
  Ports,
  RecordedResponse,
} from "../ports.ts";
import { applyTagEffects, TAG_SLICE } from "./apply-tag-effects.ts";

/** A validated import. */
export interface ImportTags {
  organizationId: string;
  jobId: string;
  /** In the order of the request, at most 10,000. */
  tags: ImportedTag[];
  claim: IdempotencyClaim | null;
  /** The 202 answer. */
  record: RecordedResponse;
  background: Background;
}

/**
 * Stores an import with one statement and starts its run. If that fails, the sweeper starts it.
 * @throws LimitReached, IdempotencyMismatch, IdempotencyInFlight, Unavailable
 */
export async function acceptImport(
  ports: Pick<Ports, "tagJobs" | "runs" | "clock">,
  { organizationId, jobId, tags, claim, record, background }: ImportTags,
): Promise<Claimed<void>> {
  const job = { id: jobId, organizationId, tags, now: ports.clock.now() };
  const stored = await ports.tagJobs.acceptImport(job, claim, record);
  if (stored.kind === "replayed") return stored;
  const start = { id: jobId, organizationId, type: "import", total: tags.length, attempt: 0 } as const;
  await publishInTime(
    () => ports.runs.runTagJob(start),
    async () => {},
    background,
  );
  return stored;
}

/** Imports one slice and tells the registry of it. A repeat imports what was not imported and tells what was not told. */
export async function importSlice(
  ports: Pick<Ports, "tagJobs" | "tagRegistry" | "tagRegistries" | "clock">,
  { jobId, organizationId }: { jobId: string; organizationId: string },
  slice: number,
): Promise<void> {
  const places = { from: slice * TAG_SLICE, to: (slice + 1) * TAG_SLICE };
  await ports.tagJobs.importSlice(organizationId, jobId, places, ports.clock.now());
  await applyTagEffects(ports, jobId, slice);
}
