import { afterAll, beforeAll, expect, test } from "vitest";
import { newDoor } from "../harness/ocpp-station/door.ts";
import { RawStation } from "../harness/ocpp-station/raw-station.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { HttpClient } from "./commands/http-client.ts";
import { latencyOf, timesOf } from "./commands/quantile.ts";
import { spread } from "./statistics.ts";

const isFull = process.env["BUSBAR_BENCH"] === "full";
/** A machine that is shared gives other ratios than a quiet one. */
const sizes = isFull
  ? { rounds: 9, operations: 1000, ratioMax: 1.1 }
  : { rounds: 5, operations: 200, ratioMax: 1.5 };

let stack: RunningStack;
let station: RawStation;
let client: HttpClient;
beforeAll(async () => {
  stack = await startStack();
  station = await RawStation.booted(await newDoor(stack, "RAW"));
  station.react = () => ({ status: "Accepted" });
  client = new HttpClient(stack.url, 1);
});
afterAll(async () => {
  station.socket.terminate();
  client.close();
  await stack.stop();
});

test("a request that a client wrote costs hardly more than the command that sends the same", async () => {
  const post = (path: string) => async () => {
    const body = { requestedMessage: "Heartbeat" };
    const { status, text } = await client.post(`/api/v1/chargers/RAW${path}`, stack.apiKey, body);
    if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
  };
  const [command, raw] = [post("/trigger"), post("/ocpp/TriggerMessage")];
  for (const work of [command, raw]) await timesOf(sizes.operations, work);
  const ratios: number[] = [];
  for (let round = 0; round < sizes.rounds; round++) {
    const p50 = async (work: () => Promise<unknown>) => latencyOf(await timesOf(sizes.operations, work)).p50;
    const [first, second] = round % 2 === 0 ? [command, raw] : [raw, command];
    const [a, b] = [await p50(first), await p50(second)];
    ratios.push(first === command ? b / a : a / b);
  }
  const { median, min, max } = spread(ratios);
  console.log(`raw call / command, p50: ${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`);
  expect(median).toBeLessThanOrEqual(sizes.ratioMax);
});
