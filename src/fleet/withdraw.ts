import type { Ports, ProvisioningWork } from "../ports.ts";
import { hostOf, sessionRefOf } from "./station.ts";

/** Ends whatever runs for a charger: station, socket, credentials. It carries the charger's id: a new owner of the identity is safe. */
export async function withdraw(
  ports: Pick<Ports, "sessions" | "simulators">,
  work: ProvisioningWork,
): Promise<void> {
  if (work.runtime === "simulated") await ports.simulators.remove(hostOf(work), work.chargerId);
  await ports.sessions.retire(sessionRefOf(work));
}
