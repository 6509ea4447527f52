import type {
  Background,
  ChargerChanges,
  ChargerSelection,
  ChargersRemoved,
  ChargersUpdated,
  EffectBatch,
  Ports,
  RuntimeEvent,
  SessionRef,
} from "../ports.ts";
import { publishInTime } from "./publish.ts";

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

/** Deletes the selected chargers in one statement; sockets, stations and runs end behind the answer, until done. */
export async function removeChargers(
  ports: Needs,
  { organizationId, background }: Change,
  selection: ChargerSelection,
): Promise<ChargersRemoved> {
  const now = ports.clock.now();
  const result = await ports.chargers.remove(organizationId, selection, ports.ids.uuid(), now);
  if (result.jobIds.length > 0)
    background(Promise.all(result.jobIds.map((jobId) => ports.jobs.close(jobId, now))));
  await publishEffects(ports, result.effects, background);
  return result;
}

/**
 * Deletes one charger, and has its session know of it before the answer where it can be reached in time: it obeys nobody
 * from then on. The run behind the deletion does the same again, until done. False when there is no such charger.
 */
export async function removeCharger(
  ports: Needs & Pick<Ports, "sessions">,
  change: Change,
  session: SessionRef & { chargerId: string },
): Promise<boolean> {
  const { ids } = await removeChargers(ports, change, { locationId: null, chargerIds: [session.chargerId] });
  if (ids.length === 0) return false;
  await publishInTime(
    () => ports.sessions.retire(session),
    async () => {},
    change.background,
  );
  return true;
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
async function publishEffects(
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
