import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { RawStation, type Door } from "../../harness/ocpp-station/raw-station.ts";
import { startBareRuntime } from "./bare-runtime.ts";
import { bareDoors, connectAll, obedient, productDoors, type BenchWorld } from "./bench-world.ts";

/** Proportional set size that each connected charger of one wave added, in bytes. */
export interface IdleMemory {
  productBytes: number;
  bareBytes: number;
}

export interface IdleRun {
  chargers: number;
  /** Right after the start. What connecting needs for a moment counts in the wave that needs most: no allocator gives it back. */
  first: IdleMemory;
  /** As many chargers again. */
  more: IdleMemory;
  /** Session databases that were open with a whole wave connected, and at the end of the idle time. */
  openDatabases: { connected: number; idle: number };
}

type Sizes = { idleChargers: number; settleMs: number; idleMs: number };

/**
 * Connects chargers to both sides, leaves them alone, looks what they hold, and does so again. Both sides are fresh processes:
 * what served before holds memory that the next charger gets for nothing. Null where the system does not tell.
 */
export async function measureIdle(world: BenchWorld, sizes: Sizes): Promise<IdleRun | null> {
  if (pssBytes(world.bare.pid) === null) return null;
  const { idleChargers: chargers } = sizes;
  const waves = [await productDoors(world, "IDLE", chargers), await productDoors(world, "MORE", chargers)];
  await world.stack.replacePart("worker");
  const bare = await startBareRuntime();
  try {
    return await measureWaves({ ...world, bare }, waves, sizes);
  } finally {
    await bare.stop();
  }
}

async function measureWaves(
  world: BenchWorld,
  waves: Door[][],
  { idleChargers: chargers, settleMs, idleMs }: Sizes,
): Promise<IdleRun | null> {
  await delay(settleMs);
  const runtime = { worker: world.stack.part("worker").pid, bare: world.bare.pid };
  const stations: RawStation[] = [];
  const memory: IdleMemory[] = [];
  let open = { connected: 0, idle: 0 };
  for (const [wave, doors] of waves.entries()) {
    const before = heldBy(runtime);
    stations.push(...(await connectAll(doors, obedient)));
    const echoes = bareDoors(world, `idle-${wave}`, chargers);
    stations.push(...(await connectAll(echoes, (door) => RawStation.connect(door))));
    const connected = openDatabases(runtime.worker);
    await delay(wave === 0 ? settleMs : idleMs);
    open = { connected, idle: openDatabases(runtime.worker) };
    const after = heldBy(runtime);
    memory.push({
      productBytes: (after.worker - before.worker) / chargers,
      bareBytes: (after.bare - before.bare) / chargers,
    });
  }
  const closed = stations.filter(({ closeCode }) => closeCode !== null);
  if (closed.length > 0) throw new Error(`${closed.length} connections ended`);
  for (const { socket } of stations) socket.terminate();
  const [first, more] = memory;
  return first && more ? { chargers, first, more, openDatabases: open } : null;
}

function heldBy({ worker, bare }: { worker: number; bare: number }): { worker: number; bare: number } {
  return { worker: pssBytes(worker) ?? 0, bare: pssBytes(bare) ?? 0 };
}

function pssBytes(pid: number): number | null {
  try {
    const [, kilobytes] = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8")) ?? [];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}

function openDatabases(pid: number): number {
  const directory = `/proc/${pid}/fd`;
  const targets = readdirSync(directory).map((name) => {
    try {
      return readlinkSync(`${directory}/${name}`);
    } catch {
      return "";
    }
  });
  return new Set(targets.filter((target) => /ChargePointSession\/\w+\.sqlite$/.test(target))).size;
}
