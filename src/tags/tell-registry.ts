import { publishInTime } from "../fleet/publish.ts";
import type { Background, Ports, TagBatch, TagUpdate } from "../ports.ts";
import { withinOr } from "../within.ts";
import { putNewest } from "./apply-tag-effects.ts";

/** How long an answer waits for the registry; the change is stored by then, and reaches it all the same. */
const TELL_MS = 1000;

type Needs = Pick<Ports, "tagRegistry" | "tagRegistries" | "runs">;

/**
 * Tells the registry of one changed tag within the request, so that it holds at the next card. When the registry cannot be
 * reached, a run carries out the stored effect; when that cannot be published either, the sweeper does.
 */
export async function tellRegistry(
  ports: Needs,
  { effects, update }: { effects: TagBatch; update: TagUpdate },
  background: Background,
): Promise<void> {
  const keys = [...update.tags.map(({ key }) => key), ...update.gone];
  const readAgain = () => ports.tagRegistry.current(update.organizationId, update.shard, keys);
  const told = putNewest(ports, update, readAgain).then(
    () => true,
    () => false,
  );
  if (await withinOr(TELL_MS, told, false)) {
    // An effect that stays is carried out once more by the sweeper.
    background(ports.tagRegistry.done(effects.id, [0]));
    return;
  }
  await publishInTime(
    () => ports.runs.applyTagEffects({ ...effects, attempt: 0 }),
    async () => {},
    background,
  );
}
