import { inParallel } from "../../harness/ocpp-station/in-parallel.ts";
import { RawStation } from "../../harness/ocpp-station/raw-station.ts";
import { bareDoors, connectAll, obedient, productDoors, type BenchWorld } from "./bench-world.ts";
import { HttpClient } from "./http-client.ts";

/** Answers per second. */
export interface ThroughputRound {
  helloPerSecond: number;
  /** Through a Worker and objects that do nothing else. */
  bareCommandsPerSecond: number;
  healthzPerSecond: number;
  commandsPerSecond: number;
}

/** As many requests at a time as there are chargers, each charger with one command at most. */
export async function* measureThroughput(
  world: BenchWorld,
  sizes: { rounds: number; parallel: number; parallelOperations: number },
): AsyncGenerator<ThroughputRound> {
  const { rounds, parallel, parallelOperations } = sizes;
  const doors = await productDoors(world, "PARALLEL", parallel);
  const echoes = await connectAll(bareDoors(world, "parallel", parallel), (each) => RawStation.connect(each));
  for (const echo of echoes) echo.react = () => ({ status: "Accepted" });
  const stations = [...(await connectAll(doors, obedient)), ...echoes];
  const bare = new HttpClient(world.bare.url, parallel);
  const product = new HttpClient(world.stack.url, parallel);
  const lanes = Array.from({ length: parallel }, (_, lane) => lane);
  const each = Math.ceil(parallelOperations / parallel);
  const perSecond = async (operate: (lane: number) => Promise<unknown>) => {
    const startedAtMs = performance.now();
    await inParallel(lanes, parallel, async (lane) => {
      for (let done = 0; done < each; done++) await operate(lane);
    });
    return (each * parallel * 1000) / (performance.now() - startedAtMs);
  };
  const command = async (lane: number) => {
    const path = `/api/v1/chargers/${doors[lane]?.identity}/cache/clear`;
    const { status, text } = await product.post(path, world.stack.apiKey, {});
    if (status !== 200) throw new Error(`command: ${status} ${text}`);
  };
  const bareCommand = (lane: number) => bare.post(`/parallel-${lane}`, "unused", {});
  await perSecond(command);
  await perSecond(bareCommand);
  await perSecond(() => bare.get("/hello"));
  await perSecond(() => product.get("/healthz"));
  for (let round = 0; round < rounds; round++) {
    const helloPerSecond = await perSecond(() => bare.get("/hello"));
    const bareCommandsPerSecond = await perSecond(bareCommand);
    const healthzPerSecond = await perSecond(() => product.get("/healthz"));
    const commandsPerSecond = await perSecond(command);
    yield { helloPerSecond, bareCommandsPerSecond, healthzPerSecond, commandsPerSecond };
  }
  for (const { socket } of stations) socket.terminate();
  for (const client of [bare, product]) client.close();
}
