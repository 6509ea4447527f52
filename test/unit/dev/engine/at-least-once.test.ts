import { afterEach, beforeEach, expect, test } from "vitest";
import { startFixture, waitFor, type Fixture } from "./engine-fixture.ts";

let fixture: Fixture;
beforeEach(async () => {
  fixture = await startFixture({ timeScale: 0.001 });
});
afterEach(() => fixture.close());

/** Sequential and parallel steps; the effects are what an idempotent step leaves behind. */
function mixedRoute(effects: Set<string>) {
  return fixture.endpoint.workflow("/mixed", async (context) => {
    await context.run("first", () => void effects.add("first"));
    const members = [0, 1, 2, 3, 4].map((at) => context.run(`p${at}`, () => (effects.add(`p${at}`), at)));
    const results = await Promise.all(members);
    return await context.run("last", () => (effects.add("last"), results));
  });
}

const everything = ["first", "last", "p0", "p1", "p2", "p3", "p4"];

test.each([
  ["every answer is lost once", { loseResponseEvery: 1 }],
  ["every message arrives twice in sequence", { duplicateEvery: 1, duplicateMode: "sequential" }],
  ["every message arrives twice at the same time", { duplicateEvery: 1, duplicateMode: "concurrent" }],
])("runs end exactly once with all results when %s", async (_how, faults) => {
  const { client, ended, endpoint } = fixture;
  const effects = new Set<string>();
  const url = mixedRoute(effects);
  await fixture.faults(faults);
  // What is to be repeated is repeated before the run has ended.
  const { workflowRunId } = await client.trigger({ url, retryDelay: "0" });
  const log = await ended(workflowRunId);
  expect(log).toMatchObject({ workflowState: "RUN_SUCCESS", workflowRunResponse: "[0,1,2,3,4]" });
  expect([...effects].toSorted()).toEqual(everything);
  const bodies = new Map<string, string>();
  let repeated = 0;
  for (const { headers, body } of endpoint.deliveries) {
    const id = headers["upstash-message-id"] ?? "";
    if (bodies.has(id)) repeated++;
    expect(bodies.get(id) ?? body).toBe(body);
    bodies.set(id, body);
  }
  expect(repeated).toBeGreaterThan(5);
});

test("the late answer of a run that has ended changes nothing", async () => {
  const { endpoint, client, ended, run } = fixture;
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const url = endpoint.route("/late", async () => {
    await released;
    return new Response("too late", { status: 489 });
  });
  const { workflowRunId } = await client.trigger({ url });
  await waitFor(() => endpoint.deliveries.length === 1, "the delivery");
  await client.cancel(workflowRunId);
  const before = await ended(workflowRunId);
  release();
  await waitFor(() => fixture.engine.stats().answers["489"] === 1, "the late answer");
  expect(await run(workflowRunId)).toEqual(before);
  expect((await client.dlq.list()).messages).toEqual([]);
});

test("a refused connection and a redirect are failed attempts", async () => {
  const { endpoint, client, ended } = fixture;
  const redirect = endpoint.route(
    "/redirect",
    () => new Response(null, { status: 302, headers: { location: "/x" } }),
  );
  for (const url of ["http://127.0.0.1:1/closed", redirect]) {
    const { workflowRunId } = await client.trigger({ url, retries: 1, retryDelay: "0" });
    const log = await ended(workflowRunId);
    expect(log.workflowState).toBe("RUN_FAILED");
    expect(log.steps.at(-1)).toMatchObject({ type: "next", steps: [{ retries: 1, errors: [{}, {}] }] });
  }
});

test("an endpoint that does not answer in time is a failed attempt", async () => {
  const slow = await startFixture({ timeScale: 0.001, timeoutMs: 30 });
  const url = slow.endpoint.route("/silent", () => new Promise(() => undefined));
  const { workflowRunId } = await slow.client.trigger({ url, retries: 0 });
  const log = await slow.ended(workflowRunId);
  const next = log.steps.at(-1);
  expect(next).toMatchObject({ steps: [{ errors: [{ status: 0, error: "no answer within 30 ms" }] }] });
  await slow.close();
});
