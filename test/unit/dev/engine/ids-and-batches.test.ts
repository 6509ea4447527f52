import { afterAll, beforeAll, expect, test } from "vitest";
import { startFixture, type Fixture } from "./engine-fixture.ts";

let fixture: Fixture;
let live: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
  live = await startFixture({ dedup: "live" });
});
afterAll(async () => {
  await fixture.close();
  await live.close();
});

const publish = (target: string, init: object, { api } = fixture) =>
  api("POST", `/v2/publish/${target}`, init);

test("an id that was used creates no second run while the first is stored", async () => {
  const { endpoint, client, ended } = fixture;
  let ran = 0;
  const url = endpoint.workflow("/once", async (context) => void (await context.run("s", () => void ran++)));
  const ids = await Promise.all([1, 2].map(() => client.trigger({ url, workflowRunId: "same" })));
  expect(ids).toEqual([{ workflowRunId: "wfr_same" }, { workflowRunId: "wfr_same" }]);
  await ended("wfr_same");
  await client.trigger({ url, workflowRunId: "same" });
  expect((await client.logs({ workflowUrl: url })).runs).toHaveLength(1);
  expect(ran).toBe(1);
});

test("with live deduplication an id is free again once its run has ended", async () => {
  const { endpoint, client, ended, faults } = live;
  const url = endpoint.workflow("/live", async (context) => void (await context.run("s", () => undefined)));
  await faults({ paused: true });
  await client.trigger({ url, workflowRunId: "same" });
  await client.trigger({ url, workflowRunId: "same" });
  expect((await client.logs({ workflowUrl: url })).runs).toHaveLength(1);
  await faults({ paused: false });
  await ended("wfr_same", "RUN_SUCCESS");
  await client.trigger({ url, workflowRunId: "same" });
  await ended("wfr_same", "RUN_SUCCESS");
  expect((await client.logs({ workflowUrl: url })).runs).toHaveLength(2);
});

test("a partly refused batch looks successful to the SDK and only the accepted runs exist", async () => {
  const { endpoint, client, faults, run } = fixture;
  const url = endpoint.workflow("/partly", async (context) => void (await context.run("s", () => undefined)));
  await faults({ refuseItems: [1] });
  const triggered = await client.trigger([0, 1, 2].map((at) => ({ url, workflowRunId: `part-${at}` })));
  await faults({ refuseItems: [] });
  expect(triggered.map(({ workflowRunId }) => workflowRunId)).toEqual([
    "wfr_part-0",
    "wfr_part-1",
    "wfr_part-2",
  ]);
  expect(await run("wfr_part-1")).toBeUndefined();
  expect(await run("wfr_part-0")).toBeDefined();
  expect(await run("wfr_part-2")).toBeDefined();
});

test("a batch refused as a whole answers the common status", async () => {
  const { client, endpoint } = fixture;
  const url = `${endpoint.origin}/x`;
  await expect(
    client.trigger([
      { url, retries: 6 },
      { url, retries: 7 },
    ]),
  ).rejects.toMatchObject({ status: 412 });
  await expect(client.trigger({ url, retryDelay: "process.exit()" })).rejects.toMatchObject({ status: 400 });
  await expect(client.trigger({ url, delay: "400d" })).rejects.toMatchObject({ status: 400 });
});

test.each([
  ["not json", "the batch is not JSON"],
  ['{"a":1}', "the batch is not an array"],
  ["[1]", "an item of the batch is not an object"],
  ['[{"headers":{}}]', "an item of the batch has no destination"],
])("a malformed batch %s is answered 400 with its cause", async (body, error) => {
  const response = await fixture.api("POST", "/v2/batch", { body });
  expect([response.status, await response.json()]).toEqual([400, { error }]);
});

test("a message above the plan's size is answered 413", async () => {
  const free = await startFixture({ plan: "free" });
  const url = free.endpoint.route("/big", () => new Response());
  const response = await publish(url, { body: "x".repeat(1024 * 1024 + 1) }, free);
  expect(response.status).toBe(413);
  await free.close();
});

test.each([
  ["its id", { "upstash-deduplication-id": "d1" }],
  ["its content", { "upstash-content-based-deduplication": "true" }],
])(
  "a plain message repeated by %s is delivered once and answered with the first id",
  async (how, headers) => {
    const { endpoint } = fixture;
    const path = `/plain-${how.length}`;
    const url = endpoint.route(path, () => new Response());
    const first = await publish(url, { body: "a", headers });
    const second = await publish(url, { body: "a", headers });
    const { messageId } = (await first.json()) as { messageId: string };
    expect([first.status, second.status]).toEqual([201, 202]);
    expect(await second.json()).toEqual({ messageId, deduplicated: true });
    const other = endpoint.route(`${path}-after`, () => new Response());
    await publish(other, { body: "b" });
    await expect.poll(() => endpoint.deliveries.filter((d) => d.path === `${path}-after`).length).toBe(1);
    expect(endpoint.deliveries.filter((d) => d.path === path)).toHaveLength(1);
  },
);
