import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { newDoor } from "../../harness/ocpp-station/door.ts";
import { inParallel } from "../../harness/ocpp-station/in-parallel.ts";
import { RawStation, type Door } from "../../harness/ocpp-station/raw-station.ts";
import { startBareRuntime } from "../commands/bare-runtime.ts";
import type { RunningStack } from "../../harness/stack.ts";
import { temporaryDirectory } from "../../harness/temporary-directory.ts";

/** Connects at a time: no more a second than a local runtime takes. */
const CONNECTS_AT_ONCE = 8;

/** A server that stations connect to, and its process. */
export interface Side {
  pid: number;
  doors(prefix: string, count: number): Promise<Door[]>;
}

export async function startNodeServer(): Promise<Side & { stop(): Promise<void> }> {
  const directory = temporaryDirectory();
  const program = join(import.meta.dirname, "node-server.ts");
  const args = ["--disable-warning=ExperimentalWarning", program, join(directory.path, "messages.sqlite")];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = (await once(createInterface(child.stdout), "line")) as [string];
  if (child.pid === undefined) throw new Error("the Node server did not start");
  const stop = async () => {
    const ended = once(child, "exit");
    child.kill();
    await ended;
    directory.remove();
  };
  return { pid: child.pid, doors: openDoors(`ws://127.0.0.1:${port}`), stop };
}

/** Objects of the runtime that store a row a message and do nothing else. */
export async function startBareObjects(): Promise<Side & { stop(): Promise<void> }> {
  const { url, pid, stop } = await startBareRuntime(join(import.meta.dirname, "storing-worker.ts"));
  return { pid, doors: openDoors(url.replace("http", "ws")), stop };
}

/** Of a server that asks for no registration and no key. */
const openDoors =
  (url: string): Side["doors"] =>
  async (prefix, count) =>
    identitiesOf(prefix, count).map((identity) => ({
      connectionUrl: `${url}/${identity}`,
      identity,
      authorizationKey: "unused",
    }));

export function productSide(stack: RunningStack): Side {
  return {
    pid: stack.part("worker").pid,
    doors: (prefix, count) =>
      inParallel(identitiesOf(prefix, count), CONNECTS_AT_ONCE, (identity) => newDoor(stack, identity)),
  };
}

const identitiesOf = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

/** What is measured. A boot is that of a charger that was registered and has never connected. */
export const MESSAGE_KINDS = ["meterValues", "startStop", "boot", "heartbeat"] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

/** Messages of one repetition; a connection counts as part of its boot. */
export const MESSAGES_OF: Record<MessageKind, number> = {
  meterValues: 1,
  startStop: 2,
  boot: 1,
  heartbeat: 1,
};

/** Stations that repeat one kind of message, each as soon as it has its answer. */
export interface Repeating {
  /** Resolves when every station has done so many. */
  repeat(times: number): Promise<void>;
  end(): void;
}

/** Stations of one side that are ready to repeat messages. `repetitions`: how many each will be asked for, at most. */
export async function prepare(
  side: Side,
  kind: MessageKind,
  { prefix, stations: count, repetitions }: { prefix: string; stations: number; repetitions: number },
): Promise<Repeating> {
  if (kind === "boot") return newChargers(await side.doors(prefix, count * repetitions), count);
  const doors = await side.doors(prefix, count);
  const stations = await inParallel(doors, CONNECTS_AT_ONCE, (door) => RawStation.booted(door));
  const operations = await Promise.all(stations.map((station) => operationOf(station, kind)));
  return {
    repeat: async (times) => {
      await Promise.all(
        operations.map(async (operate) => {
          for (let done = 0; done < times; done++) await operate();
        }),
      );
    },
    end: () => stations.forEach(({ socket }) => socket.terminate()),
  };
}

/** Each repetition takes chargers that have never connected. */
function newChargers(doors: Door[], width: number): Repeating {
  const stations: RawStation[] = [];
  return {
    repeat: async (times) => {
      const next = doors.splice(0, width * times);
      if (next.length < width * times) throw new Error("no charger is left");
      await inParallel(next, width, async (door) => stations.push(await RawStation.booted(door)));
    },
    end: () => stations.forEach(({ socket }) => socket.terminate()),
  };
}

async function operationOf(station: RawStation, kind: MessageKind): Promise<() => Promise<unknown>> {
  if (kind === "heartbeat") return () => accepted(station, "Heartbeat", {});
  if (kind === "startStop") return () => charge(station);
  const transactionId = await start(station);
  let energyWh = 0;
  return () => accepted(station, "MeterValues", metered(transactionId, (energyWh += 100)));
}

async function charge(station: RawStation): Promise<void> {
  const transactionId = await start(station);
  const timestamp = new Date().toISOString();
  await accepted(station, "StopTransaction", { transactionId, meterStop: 1000, timestamp, reason: "Local" });
}

async function start(station: RawStation): Promise<number> {
  const timestamp = new Date().toISOString();
  const payload = { connectorId: 1, idTag: "04A2F9C1", meterStart: 0, timestamp };
  const { transactionId } = (await accepted(station, "StartTransaction", payload)) as {
    transactionId: number;
  };
  return transactionId;
}

async function accepted(station: RawStation, action: string, payload: object): Promise<unknown> {
  const [type, , answer] = await station.call(action, payload, crypto.randomUUID());
  if (type !== 3) throw new Error(`${action}: ${JSON.stringify(answer)}`);
  return answer;
}

/** Energy, power and one current, as a station sends them once a minute. */
function metered(transactionId: number, energyWh: number): object {
  const sampled = (value: number, measurand: string, unit: string) => ({
    value: String(value),
    context: "Sample.Periodic",
    measurand,
    unit,
  });
  const sampledValue = [
    sampled(energyWh, "Energy.Active.Import.Register", "Wh"),
    sampled(7360, "Power.Active.Import", "W"),
    sampled(16, "Current.Import", "A"),
  ];
  const meterValue = [{ timestamp: new Date().toISOString(), sampledValue }];
  return { connectorId: 1, transactionId, meterValue };
}
