import { execFileSync } from "node:child_process";
import { newDoor } from "../../harness/ocpp-station/door.ts";
import { inParallel } from "../../harness/ocpp-station/in-parallel.ts";
import { RawStation, type Door } from "../../harness/ocpp-station/raw-station.ts";
import { startStack, type RunningStack } from "../../harness/stack.ts";
import { startBareRuntime, type BareRuntime } from "./bare-runtime.ts";

/** No more connects a second than a local runtime takes for any number of chargers. */
const CONNECTS_AT_ONCE = 8;

/** The product and the bare runtime, side by side. */
export interface BenchWorld {
  stack: RunningStack;
  bare: BareRuntime;
  stop(): Promise<void>;
}

/** @param isPinned The servers get one core and the load another, where the machine has two and the tool. */
export async function startBenchWorld(isPinned: boolean): Promise<BenchWorld> {
  const stack = await startStack();
  const bare = await startBareRuntime();
  if (isPinned) {
    for (const pid of [stack.part("worker").pid, bare.pid]) pin(pid, 0);
    pin(process.pid, 1);
  }
  const stop = async () => {
    await bare.stop();
    await stack.stop();
  };
  return { stack, bare, stop };
}

function pin(pid: number, core: number): void {
  execFileSync("taskset", ["-apc", String(core), String(pid)], { stdio: "ignore" });
}

/** Registers chargers at the product. */
export function productDoors({ stack }: BenchWorld, prefix: string, count: number): Promise<Door[]> {
  const identities = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
  return inParallel(identities, CONNECTS_AT_ONCE, (identity) => newDoor(stack, identity));
}

/** The bare objects ask for no registration and no key. */
export function bareDoors({ bare }: BenchWorld, prefix: string, count: number): Door[] {
  const base = bare.url.replace("http", "ws");
  return Array.from({ length: count }, (_, index) => ({
    connectionUrl: `${base}/${prefix}-${index}`,
    identity: `${prefix}-${index}`,
    authorizationKey: "unused",
  }));
}

export function connectAll(
  doors: readonly Door[],
  connect: (door: Door) => Promise<RawStation>,
): Promise<RawStation[]> {
  return inParallel(doors, CONNECTS_AT_ONCE, connect);
}

/** A booted station that answers every CALL at once. */
export async function obedient(door: Door): Promise<RawStation> {
  const station = await RawStation.booted(door);
  station.react = () => ({ status: "Accepted" });
  return station;
}
