import type {
  Background,
  ChargerChanges,
  ChargerSelection,
  ChargersUpdated,
  EffectBatch,
  Ports,
  RuntimeEvent,
} from "../ports.ts";
import { publishInTime } from "./publish.ts";
import { withdrawNow } from "./withdraw.ts";

type Needs = Pick<Ports, "chargers" | "jobs" | "runs" | "ids" | "clock">;

export interface Change {
  organizationId: string;
  background: Background;
}

/**
 * Writes one change to the selected chargers in one statement; what it means for their runtimes follows in a run.
 * @throws NotFound when `changes.locationId` is unknown
 */
export async function updateChargers(
  ports: Needs,
  { organizationId, background }: Change,
  selection: ChargerSelection,
  changes: ChargerChanges,
  connectorTypes: Record<string, string>,
): Promise<ChargersUpdated> {
  const now = ports.clock.now();
  const result = await ports.chargers.update(
    organizationId,
    selection,
    changes,
    { connectorTypes },
    ports.ids.uuid(),
    now,
  );
  await publishEffects(ports, result.effects, background);
  return result;
}

/**
 * Deletes the selected chargers in one statement, and ends their sessions and stations before the answer where they can be
 * reached in time. The run behind the deletion does the same again, until done. Returns the ids of those that existed.
 */
export async function removeChargers(
  ports: Needs & Pick<Ports, "sessions" | "simulators">,
  { organizationId, organizationSlug, background }: Change & { organizationSlug: string },
  selection: ChargerSelection,
): Promise<string[]> {
  const now = ports.clock.now();
  const { gone, jobIds, effects } = await ports.chargers.remove(
    organizationId,
    selection,
    ports.ids.uuid(),
    now,
  );
  if (jobIds.length > 0) background(Promise.all(jobIds.map((jobId) => ports.jobs.close(jobId, now))));
  await Promise.all([
    publishEffects(ports, effects, background),
    withdrawNow(
      ports,
      gone.map((one) => ({ ...one, organizationSlug })),
      background,
    ),
  ]);
  return gone.map(({ chargerId }) => chargerId);
}

/** Stores whether a simulated charger shall run; null when there is no such charger. */
export async function setRuntime(
  ports: Needs,
  { organizationId, background }: Change,
  chargerId: string,
  event: RuntimeEvent,
) {
  const result = await ports.chargers.setRuntime(
    organizationId,
    chargerId,
    event,
    ports.ids.uuid(),
    ports.clock.now(),
  );
  await publishEffects(ports, result?.effects ?? null, background);
  return result;
}

/** Not published in time: the rows stay, and the sweeper starts the run. */
export async function publishEffects(
  ports: Pick<Ports, "runs">,
  batch: EffectBatch | null,
  background: Background,
): Promise<void> {
  if (batch === null) return;
  await publishInTime(
    () => ports.runs.applyEffects({ ...batch, attempt: 0 }),
    async () => {},
    background,
  );
}
