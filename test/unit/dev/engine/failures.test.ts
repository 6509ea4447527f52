import { afterAll, beforeAll, expect, test } from "vitest";
import { WorkflowNonRetryableError, WorkflowRetryAfterError } from "@upstash/workflow";
import { startFixture, waitFor, type Fixture } from "./engine-fixture.ts";

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.close());

async function callbackEnded(runId: string) {
  return await waitFor(async () => {
    const log = await fixture.run(runId);
    const state = log?.failureFunction?.state;
    return state === "CALLBACK_SUCCESS" || state === "CALLBACK_FAIL" ? log : undefined;
  }, `the failure function of ${runId}`);
}

test("exhausted retries fail the run after exactly 1 + retries attempts, and the failure function gets the reason", async () => {
  const { endpoint, client } = fixture;
  const told: unknown[] = [];
  let attempts = 0;
  const url = endpoint.workflow(
    "/exhausted",
    async (context) => {
      await context.run("poison", () => {
        attempts++;
        throw new Error("kaputt");
      });
    },
    {
      failureFunction: async ({ context, failStatus, failResponse }) => {
        told.push(
          context.requestPayload,
          context.headers.get("x-user"),
          context.label,
          failStatus,
          failResponse,
        );
        return "noted";
      },
    },
  );
  const options = { retries: 2, retryDelay: "1000", label: "lab", headers: { "x-user": "u" } };
  const { workflowRunId } = await client.trigger({ url, body: { n: 7 }, ...options });
  const log = await callbackEnded(workflowRunId);
  expect(attempts).toBe(3);
  expect(told).toEqual([{ n: 7 }, "u", "lab", 500, "kaputt"]);
  expect(log).toMatchObject({
    workflowState: "RUN_FAILED",
    failureFunction: { state: "CALLBACK_SUCCESS", failStatus: 500, responseBody: '{"result":"noted"}' },
  });
  const next = log.steps.at(-1);
  expect(next).toMatchObject({
    type: "next",
    steps: [{ state: "STEP_FAILED", stepName: "poison", retries: 2 }],
  });
  const dlq = await client.dlq.list({ filter: { workflowRunId } });
  expect(dlq.messages).toMatchObject([
    {
      dlqId: log.dlqId,
      workflowRunId,
      responseStatus: 500,
      label: "lab",
      failureCallbackInfo: { state: "CALLBACK_SUCCESS" },
    },
  ]);
});

test("a failing failure function is retried like its run and ends as CALLBACK_FAIL", async () => {
  const { endpoint, client } = fixture;
  let calls = 0;
  const url = endpoint.workflow(
    "/callback-fails",
    async (context) => {
      await context.run("poison", () => {
        throw new Error("kaputt");
      });
    },
    {
      failureFunction: async () => {
        calls++;
        throw new Error("also kaputt");
      },
    },
  );
  const { workflowRunId } = await client.trigger({ url, retries: 1, retryDelay: "1000" });
  const log = await callbackEnded(workflowRunId);
  expect(log).toMatchObject({ workflowState: "RUN_FAILED", failureFunction: { state: "CALLBACK_FAIL" } });
  expect(log.failureFunction?.errors).toHaveLength(2);
  expect(calls).toBe(2);
  const { messages } = await client.dlq.list({
    filter: { failureFunctionState: "CALLBACK_FAIL", workflowRunId },
  });
  expect(messages).toHaveLength(1);
});

test("a run without a failure function is marked not found", async () => {
  const { endpoint, client } = fixture;
  const url = endpoint.workflow("/no-callback", async (context) => {
    await context.run("poison", () => {
      throw new Error("kaputt");
    });
  });
  const { workflowRunId } = await client.trigger({ url, retries: 0 });
  const { failureFunction } = await callbackEnded(workflowRunId);
  expect(failureFunction).toMatchObject({
    state: "CALLBACK_FAIL",
    responseBody: "failure function not found",
  });
});

test("a non-retryable error fails the run after one attempt", async () => {
  const { endpoint, client } = fixture;
  let told = "";
  const url = endpoint.workflow(
    "/permanent",
    async (context) => {
      await context.run("step", () => {
        throw new WorkflowNonRetryableError("never");
      });
    },
    {
      failureFunction: async ({ failStatus, failResponse }) => void (told = `${failStatus} ${failResponse}`),
    },
  );
  const { workflowRunId } = await client.trigger({ url, retries: 3, retryDelay: "1000" });
  await callbackEnded(workflowRunId);
  expect(told).toBe("489 never");
  expect(endpoint.deliveries.filter(({ path }) => path === "/permanent")).toHaveLength(2);
});

test("a step whose answer names a retry time is retried at that time, not after the delay of the run", async () => {
  const { endpoint, client, ended } = fixture;
  const url = endpoint.workflow("/retry-after", async (context) => {
    await context.run("step", () => {
      if (context.retried === 0) throw new WorkflowRetryAfterError("later", 20);
    });
  });
  const { workflowRunId } = await client.trigger({ url, retryDelay: "80000000" });
  const log = await ended(workflowRunId);
  const lastedMs = (log.workflowRunCompletedAt ?? 0) - log.workflowRunCreatedAt;
  expect(log.workflowState).toBe("RUN_SUCCESS");
  expect(lastedMs).toBeGreaterThanOrEqual(200);
});

test("a plain message is given up after its retries and reported to its failure callback", async () => {
  const { endpoint, api } = fixture;
  const told: string[] = [];
  const url = endpoint.route("/hook", () => new Response("busy", { status: 503 }));
  const failureUrl = endpoint.route("/hook-failed", async (request) => {
    told.push(await request.text());
    return new Response();
  });
  const headers = {
    "upstash-retries": "1",
    "upstash-retry-delay": "1000",
    "upstash-label": "first,second",
    "upstash-failure-callback": failureUrl,
    "upstash-forward-x-event": "e",
  };
  const response = await api("POST", `/v2/publish/${url}?a=b%20c`, { body: '{"é":1}', headers });
  expect(response.status).toBe(201);
  await waitFor(() => endpoint.deliveries.some(({ path }) => path === "/hook?a=b%20c"), "the first attempt");
  const { messageId } = (await response.json()) as { messageId: string };
  endpoint.route("/hook?a=b%20c", () => new Response("busy", { status: 503 }));
  const report = JSON.parse(await waitFor(() => told[0], "the report")) as Record<string, unknown>;
  expect(report).toMatchObject({
    retried: 1,
    maxRetries: 1,
    sourceMessageId: messageId,
    url: `${url}?a=b%20c`,
  });
  expect(Buffer.from(String(report["sourceBody"]), "base64").toString()).toBe('{"é":1}');
  expect(endpoint.deliveries.find(({ path }) => path === "/hook?a=b%20c")?.headers["x-event"]).toBe("e");
  const letters = async (query: string) =>
    ((await (await api("GET", `/v2/dlq?${query}`)).json()) as { messages: object[] }).messages;
  expect(await letters(`messageId=${messageId}`)).toMatchObject([
    { messageId, label: "first", labels: ["first", "second"] },
  ]);
  expect(await letters(`messageId=${messageId}&source=workflow`)).toEqual([]);
  expect(await letters("messageId=msg_unknown")).toEqual([]);
  const ofRuns = (await letters("source=workflow")) as { workflowRunId?: string }[];
  expect(ofRuns.length).toBeGreaterThan(0);
  expect(ofRuns.every(({ workflowRunId }) => workflowRunId !== undefined)).toBe(true);
});
