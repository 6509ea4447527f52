import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { RawStation } from "../../harness/ocpp-station/raw-station.ts";
import { bareDoors, connectAll, obedient, productDoors, type BenchWorld } from "./bench-world.ts";

export interface IdleRun {
  chargers: number;
  /** Proportional set size that each connected charger added, in bytes. */
  productBytes: number;
  bareBytes: number;
  /** Session databases that were open with all connected, and at the end of the idle time. */
  openDatabases: { connected: number; idle: number };
}

/** Connects chargers to both sides, leaves them alone and looks what they hold. Null where the system does not tell. */
export async function measureIdle(
  world: BenchWorld,
  { idleChargers: chargers, settleMs, idleMs }: { idleChargers: number; settleMs: number; idleMs: number },
): Promise<IdleRun | null> {
  const { pid: bare } = world.bare;
  if (pssBytes(bare) === null) return null;
  const doors = await productDoors(world, "IDLE", chargers);
  // Registering woke every session and left garbage behind, which would be counted as held before.
  await world.stack.replacePart("worker");
  const worker = world.stack.part("worker").pid;
  await delay(settleMs);
  const before = { worker: pssBytes(worker) ?? 0, bare: pssBytes(bare) ?? 0 };
  const stations = await connectAll(doors, obedient);
  const echoes = await connectAll(bareDoors(world, "idle", chargers), (door) => RawStation.connect(door));
  const connected = openDatabases(worker);
  await delay(idleMs);
  const idle = openDatabases(worker);
  const closed = [...stations, ...echoes].filter(({ closeCode }) => closeCode !== null);
  if (closed.length > 0) throw new Error(`${closed.length} connections ended`);
  const run = {
    chargers,
    productBytes: ((pssBytes(worker) ?? 0) - before.worker) / chargers,
    bareBytes: ((pssBytes(bare) ?? 0) - before.bare) / chargers,
    openDatabases: { connected, idle },
  };
  for (const { socket } of [...stations, ...echoes]) socket.terminate();
  return run;
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
