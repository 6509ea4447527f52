import { afterEach, beforeEach, expect, test } from "vitest";
import { FlowLanes } from "../../../../dev/engine/flow-lanes.ts";
import { startFixture, waitFor, type Fixture } from "./engine-fixture.ts";

let fixture: Fixture;
beforeEach(async () => {
  fixture = await startFixture({ timeScale: 0.1 });
});
afterEach(() => fixture.close());

/** A workflow whose endpoint counts how many deliveries it holds at once. */
function countingRoute(path: string) {
  const seen = { now: 0, max: 0, startedAtMs: [] as number[] };
  const url = fixture.endpoint.route(path, async () => {
    seen.now++;
    seen.max = Math.max(seen.max, seen.now);
    seen.startedAtMs.push(Date.now());
    await new Promise((resolve) => setTimeout(resolve, 5));
    seen.now--;
    return new Response();
  });
  return { url, seen };
}

async function publishMany(url: string, count: number, flow: string | undefined, key = "k"): Promise<void> {
  const headers: Record<string, string> =
    flow === undefined ? {} : { "upstash-flow-control-key": key, "upstash-flow-control-value": flow };
  const items = Array.from({ length: count }, () => ({ destination: url, headers, body: "" }));
  const response = await fixture.api("POST", "/v2/batch", { body: JSON.stringify(items) });
  expect(response.status).toBe(201);
}

test("the parallelism of a key is reached and never exceeded", async () => {
  const { url, seen } = countingRoute("/parallelism");
  await publishMany(url, 40, "parallelism=4");
  await waitFor(() => seen.startedAtMs.length === 40, "all deliveries");
  expect(seen.max).toBe(4);
  expect(fixture.engine.stats().flow["k"]?.inFlightMax).toBe(4);
});

test("no more than the rate of a key starts in one period", async () => {
  const { url, seen } = countingRoute("/rate");
  const publishedAtMs = Date.now();
  await publishMany(url, 20, "rate=5, period=2s");
  await waitFor(() => seen.startedAtMs.length === 20, "all deliveries");
  // Four windows of 200 ms: however late a start is seen here, the last five are never seen before the fourth opens.
  expect((seen.startedAtMs[15] ?? 0) - publishedAtMs).toBeGreaterThanOrEqual(590);
});

test("a window opens when the one before has ended, and not with the next whole period", () => {
  const lanes = new FlowLanes<{ flow: { key: string; rate: number; periodMs: number }; isDropped: boolean }>(
    1,
  );
  for (let at = 0; at < 12; at++) {
    lanes.push({ flow: { key: "k", rate: 5, periodMs: 2000 }, isDropped: false });
  }
  const startsAt = (nowMs: number) => {
    let starts = 0;
    while (lanes.next(nowMs)) starts++;
    return [starts, lanes.opensAtMs];
  };
  expect([700, 2699, 2700, 4699, 4700].map(startsAt)).toEqual([
    [5, 2700],
    [0, 2700],
    [5, 4700],
    [0, 4700],
    [2, Infinity],
  ]);
});

test("a lower parallelism holds once what was published with the higher one is drained", () => {
  const lanes = new FlowLanes<{ flow: { key: string; parallelism: number }; isDropped: boolean }>(1);
  const push = (parallelism: number) => lanes.push({ flow: { key: "k", parallelism }, isDropped: false });
  for (let at = 0; at < 6; at++) push(4);
  push(2);
  push(2);
  const running: NonNullable<ReturnType<typeof lanes.next>>[] = [];
  const start = () => {
    for (let item = lanes.next(0); item; item = lanes.next(0)) running.push(item);
    return running.length;
  };
  const finish = (count: number) => running.splice(0, count).forEach((item) => lanes.release(item));
  expect(start()).toBe(4);
  finish(1);
  expect(start()).toBe(4);
  finish(1);
  // The last message of the higher value has started: nothing more starts before fewer than two run.
  expect(start()).toBe(4);
  finish(2);
  expect(start()).toBe(2);
  finish(1);
  expect(start()).toBe(2);
});

test("a flow-control key with many messages delays neither other keys nor messages without a key", async () => {
  const crowded = countingRoute("/crowded");
  const other = countingRoute("/other");
  const free = countingRoute("/free");
  await publishMany(crowded.url, 100, "parallelism=1", "crowded");
  await publishMany(other.url, 5, "parallelism=1", "other");
  await publishMany(free.url, 5, undefined);
  await waitFor(
    () => other.seen.startedAtMs.length === 5 && free.seen.startedAtMs.length === 5,
    "the others",
  );
  expect(crowded.seen.startedAtMs.length).toBeLessThan(100);
});

test("the plan's parallelism caps all keys together", async () => {
  const free = await startFixture({ plan: "free" });
  let [now, max, done] = [0, 0, 0];
  const url = free.endpoint.route("/cap", async () => {
    max = Math.max(max, ++now);
    await new Promise((resolve) => setTimeout(resolve, 5));
    now--;
    done++;
    return new Response();
  });
  const items = Array.from({ length: 60 }, (_, at) => ({
    destination: url,
    headers: { "Upstash-Flow-Control-Key": `k${at % 3}`, "Upstash-Flow-Control-Value": "parallelism=20" },
  }));
  await free.api("POST", "/v2/batch", { body: JSON.stringify(items) });
  await waitFor(() => done === 60, "all deliveries");
  expect(max).toBe(10);
  await free.close();
});

test.each(["", "parallelism=0", "rate=x", "parallelism=1.5"])(
  "the flow-control value %j is refused with 400",
  async (value) => {
    const headers = { "upstash-flow-control-key": "k", "upstash-flow-control-value": value };
    const response = await fixture.api("POST", `/v2/publish/${fixture.endpoint.origin}/x`, { headers });
    expect(response.status).toBe(400);
  },
);
