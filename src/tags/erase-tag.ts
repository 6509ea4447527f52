import { NotFound, Unavailable } from "../errors.ts";
import { publishInTime } from "../fleet/publish.ts";
import type { ErasureCharger, ErasurePart, Ports } from "../ports.ts";
import type { TagChange } from "./change-tags.ts";
import { tellRegistry } from "./tell-registry.ts";

/** Chargers per step. */
const SLICE = 100;
/** Objects called in parallel: an invocation may have six connections, and one is kept for Postgres. */
const PARALLEL = 5;
/** No object is called after this time; the next try goes on. */
const BUDGET_MS = 25_000;
const PSEUDONYM_BYTES = 6;

/**
 * Deletes a tag and starts the run that replaces it by a pseudonym wherever it is stored. If the run cannot be started, the
 * sweeper starts it. Returns the id of the job, which is the same when it is asked for once more.
 * @throws NotFound, Unavailable
 */
export async function startErasure(
  ports: Pick<Ports, "tagJobs" | "tagRegistry" | "tagRegistries" | "runs" | "ids" | "clock">,
  { organizationId, background }: TagChange,
  tagId: string,
): Promise<string> {
  // Short enough for an id tag of OCPP 1.6.
  const pseudonym = `erased-${ports.ids.hex(PSEUDONYM_BYTES)}`;
  const job = { id: ports.ids.uuid(), pseudonym, now: ports.clock.now() };
  const stored = await ports.tagJobs.acceptErasure(organizationId, tagId, job);
  if (!stored) return erasureBefore(ports, organizationId, tagId);
  await tellRegistry(ports, stored, background);
  await publishInTime(
    () => ports.runs.runTagJob(stored.start),
    async () => {},
    background,
  );
  return stored.start.id;
}

/** A client that lost the first answer asks again. @throws NotFound */
async function erasureBefore(
  { tagJobs }: Pick<Ports, "tagJobs">,
  organizationId: string,
  tagId: string,
): Promise<string> {
  const jobId = await tagJobs.erasureOf(organizationId, tagId);
  if (jobId === null) throw new NotFound("Id Tag", tagId);
  return jobId;
}

/** Steps of an erasure: its number of chargers is known at its start, and the last step ends it. */
export function erasureSteps(total: number): number {
  return Math.ceil(total / SLICE) + 1;
}

/**
 * Erases the tag from the next chargers: first in their sessions, so that none brings it back, then in Postgres. A repeat goes on
 * behind the last charger that was dealt with. @throws Unavailable
 */
export async function eraseNext(
  ports: Pick<Ports, "tagJobs" | "sessions" | "clock">,
  { jobId, organizationId }: { jobId: string; organizationId: string },
): Promise<void> {
  const part = await ports.tagJobs.erasurePart(organizationId, jobId, SLICE);
  if (!part) return;
  if (part.chargers.length === 0) return ports.tagJobs.finish(organizationId, jobId, ports.clock.now());
  await eraseInSessions(ports, part);
  await ports.tagJobs.erase(organizationId, jobId, part, ports.clock.now());
}

async function eraseInSessions(
  { sessions, clock }: Pick<Ports, "sessions" | "clock">,
  { chargers, key, pseudonym }: ErasurePart,
): Promise<void> {
  const endsAtMs = clock.now().getTime() + BUDGET_MS;
  const queue = chargers.filter(({ hasSession }) => hasSession).values();
  const worker = async () => {
    for (const charger of queue) {
      if (clock.now().getTime() >= endsAtMs) throw new Unavailable("Some sessions have to wait");
      await sessions.eraseTag(refOf(charger), key, pseudonym);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}

function refOf({ organizationSlug, identity, id }: ErasureCharger) {
  return { organizationSlug, identity, chargerId: id };
}
