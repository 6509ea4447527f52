import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { runPublisher } from "../../workflows/run-publisher.ts";
import { loadSecrets } from "../../dev/stack/secrets.ts";
import { followBatch, postBatch, type Batch } from "../harness/fleet.ts";
import { openSql } from "../harness/sql.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { temporaryDirectory } from "../harness/temporary-directory.ts";
import { waitFor } from "../harness/wait-for.ts";

const CHARGERS = 100;
const DEADLINE_MS = 150_000;
const PARALLELISM = 12;

let directory: ReturnType<typeof temporaryDirectory>;
let stack: RunningStack;
const start = (parallelism: number) =>
  startStack({
    dataDirectory: directory.path,
    env: {
      BUSBAR_ENGINE_HOOKS: "1",
      BUSBAR_ENGINE_TIME_SCALE: "0.1",
      PROVISION_PARALLELISM: String(parallelism),
    },
  });
beforeAll(async () => {
  directory = temporaryDirectory();
  stack = await start(PARALLELISM);
});
beforeEach(() => engine("POST", "/_test/reset"));
afterAll(async () => {
  await stack.stop();
  directory.remove();
});

const stats = z.object({
  duplicates: z.number(),
  pending: z.number(),
  answers: z.record(z.string(), z.number()),
  flow: z.record(z.string(), z.object({ inFlight: z.number() })),
});
const runs = z.object({ runs: z.array(z.object({ workflowRunId: z.string(), workflowState: z.string() })) });

const token = () => loadSecrets(join(stack.dataDirectory, "secrets.json")).QSTASH_TOKEN;

async function engine(method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(stack.address("engine") + path, {
    method,
    headers: { authorization: `Bearer ${token()}`, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  });
  expect(response.status).toBe(200);
  return response.json();
}

const faults = (values: object) => engine("POST", "/_test/faults", values);
const readStats = async () => stats.parse(await engine("GET", "/_test/stats"));

const count = z.object({ n: z.number() });

/** One row of each charger, and its station on line. */
async function expectWhole(batch: Batch, chargers: number): Promise<void> {
  const { status, progress } = await batch.finished(DEADLINE_MS);
  expect({ status, progress }).toEqual({
    status: "READY",
    progress: { total: chargers, created: chargers, failed: 0, pending: 0 },
  });
  const rows = async (condition: string) => {
    const text = `SELECT count(*)::int AS n FROM chargers c LEFT JOIN charger_connections s ON s.charger_id = c.id
      WHERE c.location_id = $1::uuid AND c.deleted_at IS NULL AND ${condition}`;
    return count.parse((await openSql(stack.address("sql"))(text, [batch.locationId]))[0]).n;
  };
  expect(await rows("TRUE")).toBe(chargers);
  await waitFor("every station on line", async () => (await rows("s.online")) === chargers, 60_000);
}

/** Sets the last publish back by two minutes, so that the sweeper repeats the job. */
async function sweepLater(jobId: string): Promise<void> {
  const text = "UPDATE jobs SET published_at = published_at - interval '2 minutes' WHERE id = $1::uuid";
  await openSql(stack.address("sql"))(text, [jobId]);
  await openSql(stack.address("sql"))("UPDATE task_locks SET locked_until = now() - interval '1 minute'", []);
  await stack.fireScheduled();
}

describe("a batch is completed, each charger with one row and one connection,", () => {
  test("when the quota of the plan is used up at its acceptance: the 202 stands, and the sweeper publishes it", async () => {
    await faults({ publishAnswer: { status: 429, count: 1000 } });
    const batch = await postBatch(stack, { chargers: CHARGERS });
    expect(await batch.read()).toMatchObject({ status: "PENDING", workflow_run_id: null });
    await sweepLater(batch.jobId);
    expect(await batch.read()).toMatchObject({ status: "PENDING" });
    await faults({ publishAnswer: null });
    await sweepLater(batch.jobId);
    await expectWhole(batch, CHARGERS);
  });

  test("when the burst limit of the plan refuses publishes of its steps", async () => {
    await faults({ paused: true });
    const batch = await postBatch(stack, { chargers: CHARGERS });
    // One attempt of the dispatcher is left.
    await faults({ paused: false, publishAnswer: { status: 429, count: 3 } });
    await expectWhole(batch, CHARGERS);
  });

  test("when redeliveries and duplicates carry the token of the first attempt, and answers are lost", async () => {
    await faults({ repeatToken: true, duplicateEvery: 5, duplicateMode: "concurrent", loseResponseEvery: 7 });
    await expectWhole(await postBatch(stack, { chargers: CHARGERS }), CHARGERS);
    expect((await readStats()).duplicates).toBeGreaterThan(CHARGERS / 10);
  });

  test("when the ids of its runs, which have ended, start others", async () => {
    await faults({ reuseRunIds: true });
    const batch = await postBatch(stack, { chargers: CHARGERS });
    const { results } = await batch.finished(DEADLINE_MS);
    const job = { id: batch.jobId, organizationId: stack.organization, attempt: 0 };
    const publisher = runPublisher({
      QSTASH_URL: stack.address("engine"),
      QSTASH_TOKEN: token(),
      PUBLIC_BASE_URL: stack.url,
      PROVISION_PARALLELISM: PARALLELISM,
    });
    const states = async (runId: string) => {
      const path = `/v2/workflows/events?workflowRunId=wfr_${runId}`;
      return runs.parse(await engine("GET", path)).runs.map(({ workflowState }) => workflowState);
    };
    const runIds = [job.id, `${job.id}-0`, `${job.id}-${CHARGERS - 1}`];
    // A charger is READY before the engine has taken the answer of its step.
    for (const runId of runIds)
      await waitFor(
        `the first run of ${runId} ended`,
        async () => (await states(runId))[0] === "RUN_SUCCESS",
      );
    await publisher.dispatch({ ...job, total: CHARGERS });
    const created = results?.created ?? [];
    await publisher.provision(
      job,
      created.map(({ id }, seq) => ({ chargerId: id, seq })),
    );
    for (const runId of runIds)
      await waitFor(
        `both runs of ${runId} ended`,
        async () => {
          const seen = await states(runId);
          return seen.length > 1 && seen.every((state) => state === "RUN_SUCCESS");
        },
        60_000,
      );
    await expectWhole(batch, CHARGERS);
  });

  test("when every delivery is given up while its step still runs, and delivered again beside it", async () => {
    await faults({ deliveryTimeoutMs: 15 });
    const batch = await postBatch(stack, { chargers: CHARGERS });
    await waitFor("deliveries without an answer", async () => ((await readStats()).answers["0"] ?? 0) > 20);
    await faults({ deliveryTimeoutMs: null });
    await expectWhole(batch, CHARGERS);
  });

  test("when its runs wait under a parallelism that the next release has lowered", async () => {
    const batch = await postBatch(stack, { chargers: CHARGERS });
    await batch.until(0.1);
    await stack.stop();
    stack = await start(2);
    await expectWhole({ ...batch, ...followBatch(stack, batch, CHARGERS) }, CHARGERS);
    // A message of the release before that is still to be repeated would keep the higher value.
    await waitFor("the end of all deliveries", async () => (await readStats()).pending === 0, 60_000);
    const next = await postBatch(stack, { chargers: CHARGERS });
    const seen = new Set<number>();
    await waitFor(
      "the end of the next batch",
      async () => {
        const lane = (await readStats()).flow[`prov-${stack.organization}`];
        seen.add(lane?.inFlight ?? 0);
        return (await next.read()).progress.pending === 0;
      },
      DEADLINE_MS,
    );
    expect(Math.max(...seen)).toBe(2);
  });
});

test("one charger that cannot be provisioned fails alone: the 999 others of its batch are READY", async () => {
  await faults({ paused: true });
  const batch = await postBatch(stack, { chargers: 1000 });
  await openSql(stack.address("sql"))(
    "UPDATE chargers SET ocpp_version = 'OCPP9.9' WHERE job_id = $1::uuid AND seq = 500",
    [batch.jobId],
  );
  await faults({ paused: false });
  const { status, progress, results } = await batch.finished(DEADLINE_MS);
  expect({ status, progress }).toEqual({
    status: "READY",
    progress: { total: 1000, created: 999, failed: 1, pending: 0 },
  });
  expect(results?.failed).toMatchObject([{ error: { code: "INTERNAL", retryable: true } }]);
  // One attempt and three retries of one run, and nothing else is repeated.
  const { answers } = await readStats();
  expect(answers["500"]).toBe(4);
});
