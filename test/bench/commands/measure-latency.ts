import { once } from "node:events";
import { RawStation } from "../../harness/ocpp-station/raw-station.ts";
import { bareDoors, connectAll, obedient, productDoors, type BenchWorld } from "./bench-world.ts";
import { HttpClient } from "./http-client.ts";
import { latencyOf, timesOf, type Latency } from "./quantile.ts";

/** One pair of baseline and candidate, in milliseconds. */
export interface LatencyRound {
  hello: Latency;
  echo: Latency;
  /** A command through a Worker and an object that do nothing else. */
  bareCommand: Latency;
  /** The smallest request of the product, with its middleware and its log line. */
  healthz: Latency;
  command: Latency;
  heartbeat: Latency;
}

const TRIGGER = { requestedMessage: "Heartbeat" };

/** Operations, one after the other, of each kind in turn; the kinds change places from round to round. */
export async function* measureLatency(
  world: BenchWorld,
  sizes: { rounds: number; operations: number; warmUp: number },
): AsyncGenerator<LatencyRound> {
  const [door] = await productDoors(world, "LATENCY", 1);
  if (!door) throw new Error("no charger");
  const station = await obedient(door);
  const [echo] = await connectAll(bareDoors(world, "latency", 1), (each) => RawStation.connect(each));
  const [bare] = await connectAll(bareDoors(world, "command", 1), (each) => RawStation.connect(each));
  if (!echo || !bare) throw new Error("no bare charger");
  bare.react = () => ({ status: "Accepted" });
  const clients = [new HttpClient(world.bare.url, 1), new HttpClient(world.stack.url, 1)] as const;
  const path = `/api/v1/chargers/${door.identity}/trigger`;
  const kinds = {
    hello: () => clients[0].get("/hello"),
    echo: () => echoed(echo),
    bareCommand: () => clients[0].post("/command-0", "unused", TRIGGER),
    healthz: () => clients[1].get("/healthz"),
    command: async () => {
      const { status, text } = await clients[1].post(path, world.stack.apiKey, TRIGGER);
      if (status !== 200) throw new Error(`command: ${status} ${text}`);
    },
    heartbeat: () => station.call("Heartbeat", {}),
  };
  const names = ["hello", "echo", "bareCommand", "healthz", "command", "heartbeat"] as const;
  for (const name of names) await timesOf(sizes.warmUp, kinds[name]);
  for (let round = 0; round < sizes.rounds; round++) {
    const order = names.map((_, index) => names[(index + round) % names.length] ?? "hello");
    const measured = new Map<string, Latency>();
    for (const name of order) measured.set(name, latencyOf(await timesOf(sizes.operations, kinds[name])));
    const of = (name: string) => measured.get(name) ?? { p50: Number.NaN, p99: Number.NaN };
    yield {
      hello: of("hello"),
      echo: of("echo"),
      bareCommand: of("bareCommand"),
      healthz: of("healthz"),
      command: of("command"),
      heartbeat: of("heartbeat"),
    };
  }
  for (const { socket } of [station, echo, bare]) socket.terminate();
  for (const client of clients) client.close();
}

/** As large as a heartbeat, and not taken for a CALL. */
async function echoed({ socket }: RawStation): Promise<void> {
  const back = once(socket, "message");
  socket.send('[3,"s123","Heartbeat",{}]');
  await back;
}
