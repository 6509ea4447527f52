import { NotFound, Policy } from "../errors.ts";
import { publishInTime } from "../fleet/publish.ts";
import type { Background, Ports } from "../ports.ts";
import type { DesiredSettings } from "./desired.ts";

/** The offline currents of a location's chargers would exceed its fuse. */
export class FuseLimitExceeded extends Policy {}

/**
 * Stores new values and starts a run that brings them to the station now, or when it connects. If the publish fails,
 * the sweeper starts the run.
 *
 * @throws NotFound, FuseLimitExceeded, Unavailable
 */
export async function updateSettings(
  ports: Pick<Ports, "settings" | "chargers" | "runs" | "clock">,
  { organizationId, background }: { organizationId: string; background: Background },
  chargerId: string,
  changes: DesiredSettings,
): Promise<void> {
  if (Object.keys(changes).length === 0) {
    if (!(await ports.chargers.get(organizationId, chargerId))) throw new NotFound("Charger", chargerId);
    return;
  }
  const merged = await ports.settings.merge(organizationId, chargerId, changes, ports.clock.now());
  if (merged.kind === "unknown") throw new NotFound("Charger", chargerId);
  if (merged.kind === "fuseLimit")
    throw new FuseLimitExceeded("offlineChargeCurrent takes the location above its fuse limit");
  if (merged.kind === "unchanged") return;
  const cause = { chargerId, revision: merged.revision, generation: null, attempt: 0 };
  await publishInTime(
    () => ports.runs.applySettings(cause),
    async () => {},
    background,
  );
}
