import type { Env } from "../env.ts";
import type { Simulators } from "../ports.ts";
import { reach } from "./reach.ts";
import type { SimulatorHost } from "./host/simulator-host.ts";

const CALL_TIMEOUT_MS = 15_000;

type Stub = Pick<DurableObjectStub<SimulatorHost>, "start" | "reconcile" | "remove">;

/**
 * Simulated stations in Durable Objects. The name of a host never changes, because its stations are stored in it. Every call may
 * be repeated. @throws Unavailable if a host cannot be reached
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
