import { NotFound, Policy } from "../errors.ts";
import { publishInTime } from "../fleet/publish.ts";
import type { Background, Ports } from "../ports.ts";
import type { DesiredSettings } from "./desired.ts";

/** The override would take the chargers of its location above their fuse. */
export class FuseLimitExceeded extends Policy {}

/**
 * Stores what the charger shall do; its station hears of it behind the answer, now or when it is back. Not published in
 * time: the row stays, and the sweeper starts the run.
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
