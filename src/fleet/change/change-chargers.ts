import type {
  Background,
  ChargerChanges,
  ChargerSelection,
  ChargersUpdated,
  EffectBatch,
  Ports,
  RuntimeEvent,
} from "../../ports.ts";
import { publishInTime } from "../publish.ts";
import { withdrawNow } from "../objects/withdraw.ts";

type Needs = Pick<Ports, "chargers" | "jobs" | "runs" | "ids" | "clock">;

/** Who changes something, and where work goes that continues after the answer. */
export interface Change {
  organizationId: string;
  background: Background;
}

/**
 * Changes the selected chargers with one statement and starts the run that carries out the effects.
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
 * Deletes the selected chargers with one statement, and ends their sessions and stations before the answer if they
 * can be reached in time. A run carries out the effects of the deletion, which do the same until it succeeded.
 * Returns the ids of chargers that existed.
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

/** Stores the desired run state of a simulated charger and starts the run that applies it. Null: no such charger. */
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

/** Starts the run of a batch of effects. If that fails, the effects remain and the sweeper starts it. */
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
