import type { Env } from "../env.ts";
import type { Simulators } from "../ports.ts";
import { reach } from "./reach.ts";
import type { SimulatorHost } from "./host/simulator-host.ts";

const CALL_TIMEOUT_MS = 15_000;
const COMMAND_TIMEOUT_MS = 5_000;
/** The result of a command may need this long on its way back. */
const RESULT_GRACE_MS = 2_000;

type Methods = Pick<SimulatorHost, "start" | "reconcile" | "remove" | "command" | "commanded">;
/** The platform's own type of a stub does not end on recursive JSON; plain data crosses the call unchanged. */
type Stub = {
  [Name in keyof Methods]: (
    ...args: Parameters<Methods[Name]>
  ) => Promise<Awaited<ReturnType<Methods[Name]>>>;
};

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
    // Not repeated: a command may have had its effect.
    command: (name, commands) =>
      reach(COMMAND_TIMEOUT_MS, async () => host(name).command([...commands]), { repeats: false }),
    commanded: (name, command) =>
      reach(
        Math.max(0, command.command.expiresAtMs - Date.now()) + RESULT_GRACE_MS,
        async () => host(name).commanded(command),
        { repeats: false },
      ),
    remove: (name, chargerId) =>
      reach(CALL_TIMEOUT_MS, async () => host(name).remove(chargerId), { repeats: true }),
  };
}
