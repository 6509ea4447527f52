import { Unavailable } from "../errors.ts";
import type { Ports, TagEffect, TagUpdate } from "../ports.ts";

/** Effects per step. */
export const TAG_SLICE = 500;
/** Objects called in parallel: an invocation may have six connections, and one is kept for Postgres. */
const PARALLEL = 5;

type Needs = Pick<Ports, "tagRegistry" | "tagRegistries">;

/** Number of slices of a batch; it depends on the total alone, so that a run has the same steps in every replay. */
export function tagSliceCount(total: number): number {
  return Math.ceil(total / TAG_SLICE);
}

/**
 * Brings the tag registry in line with Postgres for one slice of a stored change. An effect says that a tag changed, never how:
 * the current row is read, with the version of the organisation's tags, so repeated or reordered effects end in the same state.
 * @throws Unavailable: a shard cannot be reached. Effects carried out so far are deleted; the others are repeated.
 */
export async function applyTagEffects(ports: Needs, batchId: string, slice: number): Promise<number> {
  const effects = await ports.tagRegistry.pending(batchId, slice * TAG_SLICE, (slice + 1) * TAG_SLICE);
  const byShard = Map.groupBy(effects, ({ organizationId, shard }) => `${organizationId}/${shard}`);
  const queue = byShard.values();
  const finished: number[] = [];
  const worker = async () => {
    for (const own of queue) {
      await applyShard(ports, own);
      finished.push(...own.map(({ seq }) => seq));
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: PARALLEL }, worker));
  if (finished.length > 0) await ports.tagRegistry.done(batchId, finished);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  if (finished.length < effects.length) throw new Unavailable("Some shards of the registry were not reached");
  return finished.length;
}

async function applyShard(ports: Needs, effects: TagEffect[]): Promise<void> {
  const [first] = effects;
  if (!first) return;
  const { organizationId, shard } = first;
  if (effects.some(({ key }) => key === null)) await ports.tagRegistries.reload(organizationId, shard);
  const keys = [...new Set(effects.flatMap(({ key }) => (key === null ? [] : [key])))];
  if (keys.length === 0) return;
  const read = () => ports.tagRegistry.current(organizationId, shard, keys);
  await putNewest(ports, await read(), read);
}

/**
 * Stores a state in the registry. If the registry holds versions that Postgres has not reached, because the database was restored
 * from an older copy, the version is raised above them and the state is read again: else the registry would ignore it.
 */
export async function putNewest(
  ports: Needs,
  update: TagUpdate,
  readAgain: () => Promise<TagUpdate>,
): Promise<void> {
  const newest = await ports.tagRegistries.put(update);
  if (newest <= update.version) return;
  if (await ports.tagRegistry.raiseVersion(update.organizationId, newest))
    await ports.tagRegistries.put(await readAgain());
}
