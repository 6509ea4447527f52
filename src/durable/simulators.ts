import type { Env } from "../env.ts";
import type { Simulators } from "../ports.ts";
import { reach } from "./reach.ts";
import type { SimulatorHost } from "./host/simulator-host.ts";

const CALL_TIMEOUT_MS = 15_000;

type Stub = Pick<DurableObjectStub<SimulatorHost>, "start" | "reconcile" | "remove">;

/**
 * Simulated stations in Durable Objects; a host's name is final, because its stations live under it. Every call may be
 * repeated. @throws Unavailable when a host cannot be reached
 */
export function durableSimulators(env: Pick<Env, "SIMULATOR_HOST">): Simulators {
  const host = (name: string) => env.SIMULATOR_HOST.getByName(name) as unknown as Stub;
  return {
    start: (name, station, waitMs) =>
      reach(CALL_TIMEOUT_MS, async () => host(name).start(station, waitMs), { repeats: true }),
    reconcile: (name, station, { running, restartToken }) =>
      reach(
        CALL_TIMEOUT_MS,
        async () => host(name).reconcile(station, { isRunning: running, restartToken }),
        {
          repeats: true,
        },
      ),
    remove: (name, chargerId) =>
      reach(CALL_TIMEOUT_MS, async () => host(name).remove(chargerId), { repeats: true }),
  };
}
