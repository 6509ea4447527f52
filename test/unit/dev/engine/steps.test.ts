import { afterAll, beforeAll, expect, test } from "vitest";
import { startFixture, waitFor, type Fixture } from "./engine-fixture.ts";

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.close());

const deliveriesTo = (path: string) =>
  fixture.endpoint.deliveries.filter((delivery) => delivery.path === path);

test("three sequential steps run once each and payload, headers, label and return value arrive", async () => {
  const { endpoint, client, ended } = fixture;
  const ran: unknown[] = [];
  const url = endpoint.workflow("/three", async (context) => {
    const first = await context.run("first", () => {
      ran.push([context.requestPayload, context.headers.get("x-user"), context.label]);
      return { a: 1, createdAtMs: context.workflowRunCreatedAt };
    });
    const second = await context.run("second", () => (ran.push("second"), `${first.a} grüße`));
    await context.run("third", () => void ran.push(second));
    return { done: second, createdAtMs: first.createdAtMs };
  });
  const { workflowRunId } = await client.trigger({
    url,
    body: { n: 1 },
    headers: { "x-user": "u" },
    label: "lab",
    workflowRunId: "three",
  });
  const log = await ended(workflowRunId);
  const response = JSON.stringify({ done: "1 grüße", createdAtMs: log.workflowRunCreatedAt });
  expect(log).toMatchObject({ workflowState: "RUN_SUCCESS", workflowRunResponse: response, label: "lab" });
  expect(ran).toEqual([[{ n: 1 }, "u", "lab"], "second", "1 grüße"]);
  expect(deliveriesTo("/three")).toHaveLength(4);
  const names = log.steps.map(({ type, steps }) => [type, steps[0]?.stepName]);
  expect(names).toEqual([
    ["sequential", "init"],
    ["sequential", "first"],
    ["sequential", "second"],
    ["sequential", "third"],
  ]);
});

test.each([
  ["sent", null],
  ["fetched by the SDK", 600],
])("twenty parallel steps join in order with their history %s", async (how, lazyBytes) => {
  const { endpoint, client, ended, faults } = fixture;
  await faults({ lazyBytes });
  const path = `/parallel-${how.length}`;
  const ran: number[] = [];
  const url = endpoint.workflow(path, async (context) => {
    await context.run("before", () => undefined);
    const members = Array.from({ length: 20 }, (_, at) => context.run(`p${at}`, () => (ran.push(at), at)));
    const results = await Promise.all(members);
    return await context.run("after", () => results);
  });
  const { workflowRunId } = await client.trigger({ url });
  const log = await ended(workflowRunId);
  expect(JSON.parse(log.workflowRunResponse ?? "")).toEqual(Array.from({ length: 20 }, (_, at) => at));
  expect(ran.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, at) => at));
  expect(deliveriesTo(path)).toHaveLength(1 + 2 + 40);
  expect(deliveriesTo(path).some(({ body }) => body === "")).toBe(lazyBytes !== null);
  expect(log.steps.find(({ type }) => type === "parallel")?.steps).toHaveLength(20);
  await faults({ lazyBytes: null });
});

test("a failing step is retried with a rising count, and finished or parallel steps are not run again", async () => {
  const { endpoint, client, ended } = fixture;
  const ran: string[] = [];
  const url = endpoint.workflow("/retry", async (context) => {
    await context.run("done", () => void ran.push("done"));
    await Promise.all([
      context.run("sibling", () => void ran.push("sibling")),
      context.run("failing", () => {
        ran.push(`failing ${context.retried}`);
        if (context.retried < 2) throw new Error("again");
      }),
    ]);
  });
  const { workflowRunId } = await client.trigger({ url, retries: 3, retryDelay: "1000 * (1 + retried)" });
  expect(await ended(workflowRunId)).toMatchObject({ workflowState: "RUN_SUCCESS" });
  expect(ran.toSorted()).toEqual(["done", "failing 0", "failing 1", "failing 2", "sibling"]);
});

test("sleeps, parallel sleeps, delayed and not-before triggers wait their scaled time", async () => {
  const { endpoint, client, ended } = fixture;
  const url = endpoint.workflow("/sleep", async (context) => {
    await context.sleep("pause", 20);
    await Promise.all([context.sleep("left", 20), context.run("right", () => undefined)]);
    await context.run("last", () => undefined);
  });
  const plain = await client.trigger({ url });
  const delayed = await client.trigger({ url, delay: "20s" });
  const later = await client.trigger({ url, notBefore: Math.floor(Date.now() / 1000) + 20 });
  const lastedMs = async ({ workflowRunId }: { workflowRunId: string }) => {
    const log = await ended(workflowRunId);
    return (log.workflowRunCompletedAt ?? 0) - log.workflowRunCreatedAt;
  };
  expect(await lastedMs(plain)).toBeGreaterThanOrEqual(400);
  expect(await lastedMs(delayed)).toBeGreaterThanOrEqual(600);
  expect(await lastedMs(later)).toBeGreaterThanOrEqual(580);
});

test("a route that returns before its first step is retried and then fails its run", async () => {
  const { endpoint, client, ended } = fixture;
  const url = endpoint.workflow("/stepless", async () => undefined);
  const { workflowRunId } = await client.trigger({ url, retries: 1, retryDelay: "1000" });
  expect(await ended(workflowRunId)).toMatchObject({ workflowState: "RUN_FAILED" });
  // Two attempts and the failure callback, whose dry run finds no step either.
  await waitFor(() => deliveriesTo("/stepless").length >= 3, "the failure callback");
  expect(
    deliveriesTo("/stepless")
      .slice(0, 2)
      .map(({ status }) => status),
  ).toEqual([400, 400]);
});

test("a destination that is not a workflow fails the run with the documented text", async () => {
  const { endpoint, client, ended, api } = fixture;
  const url = endpoint.route("/no-workflow", () => new Response("hello"));
  const { workflowRunId } = await client.trigger({ url, label: "not-a-workflow" });
  expect(await ended(workflowRunId)).toMatchObject({ workflowState: "RUN_FAILED" });
  const dlq = (await (await api("GET", "/v2/dlq?label=not-a-workflow")).json()) as { messages: unknown[] };
  expect(dlq.messages).toMatchObject([
    { workflowRunId, responseBody: "detected a non-workflow destination for trigger/invoke" },
  ]);
  expect((await ended(workflowRunId)).steps.at(-1)).toMatchObject({
    type: "next",
    steps: [
      {
        state: "STEP_FAILED",
        errors: [{ status: 200, body: "detected a non-workflow destination for trigger/invoke" }],
      },
    ],
  });
});

test("ending a run twice succeeds, ending an unknown run is refused", async () => {
  const { endpoint, client, ended, api } = fixture;
  const url = endpoint.workflow(
    "/ended-twice",
    async (context) => void (await context.run("s", () => undefined)),
  );
  const { workflowRunId } = await client.trigger({ url });
  await ended(workflowRunId, "RUN_SUCCESS");
  const end = (runId: string) => api("DELETE", `/v2/workflows/runs/${runId}?cancel=false`);
  expect((await end(workflowRunId)).status).toBe(200);
  expect((await end("wfr_unknown")).status).toBe(404);
  expect((await api("DELETE", `/v2/workflows/runs/${workflowRunId}?cancel=true`)).status).toBe(404);
  expect(await ended(workflowRunId)).toMatchObject({ workflowState: "RUN_SUCCESS" });
});

test("the endpoint answers 200 to a duplicate of the last delivery of a run", async () => {
  const { endpoint, client, ended, faults } = fixture;
  await faults({ duplicateEvery: 2, duplicateMode: "sequential" });
  const url = endpoint.workflow(
    "/last-twice",
    async (context) => void (await context.run("s", () => undefined)),
  );
  const { workflowRunId } = await client.trigger({ url });
  await ended(workflowRunId, "RUN_SUCCESS");
  await waitFor(
    () => deliveriesTo("/last-twice").filter(({ status }) => status).length === 3,
    "the duplicate",
  );
  await faults({ duplicateEvery: 0 });
  expect(deliveriesTo("/last-twice").map(({ status }) => status)).toEqual([200, 200, 200]);
});

test("an answer of more than 1 MiB counts by its status and is delivered once", async () => {
  const { endpoint, api, engine } = fixture;
  const url = endpoint.route("/large", () => new Response("x".repeat(3 * 1024 * 1024)));
  const before = engine.stats().answers["200"] ?? 0;
  await api("POST", `/v2/publish/${url}`, { headers: { "upstash-retries": "2" } });
  await waitFor(
    () => engine.stats().pending === 0 && engine.stats().inFlight === 0,
    "the end of the delivery",
  );
  expect(deliveriesTo("/large")).toHaveLength(1);
  expect(engine.stats().answers["200"]).toBe(before + 1);
});

test("the log shows the allowed retries of a step before its first attempt", async () => {
  const { endpoint, client, run } = fixture;
  const url = endpoint.workflow("/waits", async (context) => void (await context.run("s", () => undefined)));
  const { workflowRunId } = await client.trigger({ url, retries: 2, delay: "300d" });
  const log = await run(workflowRunId);
  expect(log?.steps.at(-1)).toMatchObject({ type: "next", steps: [{ state: "STEP_PROGRESS", retries: 2 }] });
  await client.cancel(workflowRunId);
});

test("a publish refused with 412 ends the run at once, one refused with 5xx is retried", async () => {
  const { endpoint, client, ended, faults } = fixture;
  let ran = 0;
  const route = (refusedWith: number) =>
    endpoint.workflow(`/refused-${refusedWith}`, async (context) => {
      await context.run("step", async () => {
        ran++;
        if (context.retried === 0) await faults({ publishAnswer: { status: refusedWith, count: 1 } });
      });
    });
  const over = await client.trigger({ url: route(412), retryDelay: "1000" });
  expect(await ended(over.workflowRunId)).toMatchObject({ workflowState: "RUN_FAILED" });
  expect(ran).toBe(1);
  expect(deliveriesTo("/refused-412")[0]?.status).toBe(489);
  const down = await client.trigger({ url: route(503), retryDelay: "1000" });
  expect(await ended(down.workflowRunId)).toMatchObject({ workflowState: "RUN_SUCCESS" });
  expect(ran).toBe(3);
});

test("a feature that the engine does not have is refused with an error", async () => {
  const { endpoint, client, ended, api } = fixture;
  const url = endpoint.workflow("/calls", async (context) => {
    await context.call("elsewhere", { url: endpoint.origin, method: "GET" });
  });
  const { workflowRunId } = await client.trigger({ url, retries: 0 });
  expect(await ended(workflowRunId)).toMatchObject({ workflowState: "RUN_FAILED" });
  const response = await api("POST", "/v2/schedules/x");
  expect([response.status, await response.json()]).toEqual([
    404,
    { error: "unknown route POST /v2/schedules/x" },
  ]);
});
