import type { Env } from "../env.ts";
import type { Simulators } from "../ports.ts";

/** Simulated stations in Durable Objects; a host's name is final, because its stations live under it. */
export function durableSimulators(env: Env): Simulators {
  const host = (name: string) => env.SIMULATOR_HOST.getByName(name);
  return {
    start: async (hostName, station, waitMs) => host(hostName).start(station, waitMs),
    reconcile: async (hostName, station, { running, restartToken }) =>
      host(hostName).reconcile(station, { isRunning: running, restartToken }),
    remove: async (hostName, chargerId) => host(hostName).remove(chargerId),
  };
}
