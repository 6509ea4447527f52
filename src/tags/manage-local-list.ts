import { NotFound } from "../errors.ts";
import { publishInTime } from "../fleet/publish.ts";
import type { Background, LocalListMode, LocalListState, Ports } from "../ports.ts";

/**
 * Sets whether the list of a station is kept, and starts the run that brings it to the station. If the publish fails, the
 * sweeper starts the run.
 * @throws NotFound, Unavailable
 */
export async function manageLocalList(
  ports: Pick<Ports, "localLists" | "runs" | "clock">,
  { organizationId, background }: { organizationId: string; background: Background },
  chargeBoxId: string,
  mode: LocalListMode,
): Promise<LocalListState> {
  const set = await ports.localLists.setMode(organizationId, chargeBoxId, mode, ports.clock.now());
  if (!set) throw new NotFound("Charger", chargeBoxId);
  const { start, state } = set;
  const publish = start && (() => ports.runs.syncLocalList(start));
  if (publish) await publishInTime(publish, async () => {}, background);
  return state;
}

/** @throws NotFound */
export async function localListOf(
  ports: Pick<Ports, "localLists">,
  organizationId: string,
  chargeBoxId: string,
): Promise<LocalListState> {
  const state = await ports.localLists.get(organizationId, chargeBoxId);
  if (!state) throw new NotFound("Charger", chargeBoxId);
  return state;
}
