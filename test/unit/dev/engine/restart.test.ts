import { rmSync, statSync, truncateSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import type { TriggerOptions } from "@upstash/workflow";
import type { StatsSnapshot } from "../../../../dev/engine/engine-stats.ts";
import { PortClaims } from "../../../../dev/stack/port-claims.ts";
import { temporaryDirectory } from "../../../harness/temporary-directory.ts";
import { chargerBatch } from "./charger-batch.ts";
import { connect, waitFor } from "./engine-fixture.ts";
import { runEngineToExit, startEngineProcess } from "./engine-process.ts";
import { startEndpoint } from "./workflow-endpoint.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** An engine in a process of its own that can be killed and come back on the same file and port. */
async function startKillable(options: object = {}) {
  const directory = temporaryDirectory();
  cleanups.push(() => directory.remove());
  const dataFile = `${directory.path}/engine.sqlite`;
  const claims = new PortClaims();
  cleanups.push(() => claims.release());
  const fixed = { port: await claims.takeFree(), dataFile, ...options };
  let engine = await startEngineProcess(fixed);
  cleanups.push(() => engine.kill());
  const { url } = engine;
  const endpoint = await startEndpoint(() => url);
  cleanups.push(() => endpoint.close());
  const restart = async (more: object = {}) => {
    await engine.kill();
    engine = await startEngineProcess({ ...fixed, ...more });
  };
  return { dataFile, url, endpoint, ...connect(() => url), restart, stop: () => engine.stop("SIGTERM") };
}

test("no charger is lost and no acknowledged run forgotten by kills in the middle of a batch", async () => {
  const { endpoint, url, restart, client, api } = await startKillable();
  const batch = chargerBatch(endpoint, () => url, "job");
  await batch.trigger(300);
  for (const share of [60, 180]) {
    await waitFor(() => batch.effects.size > share, `${share} chargers`);
    await restart();
  }
  await waitFor(() => batch.effects.size === 300, "all chargers", 15_000);
  const pending = async () =>
    ((await (await api("GET", "/_test/stats")).json()) as { pending: number }).pending;
  await waitFor(async () => (await pending()) === 0, "all runs to end");
  const live = await client.logs({ state: "RUN_STARTED" });
  expect(live.runs).toEqual([]);
  const all = await client.logs({ workflowUrl: `${endpoint.origin}/job/charger`, count: 1 });
  expect(all.runs).toHaveLength(1);
}, 30_000);

test.each(["/steps", "/parallel"])(
  "a run of %s survives a kill while its endpoint is working",
  async (path) => {
    const { endpoint, restart, client, ended } = await startKillable();
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    let entered = 0;
    const url = endpoint.workflow(path, async (context) => {
      const first = await context.run("first", () => 1);
      const slow = async () => {
        entered++;
        await released;
        return 2;
      };
      const second =
        path === "/steps"
          ? [await context.run("slow", slow)]
          : await Promise.all([context.run("slow", slow), context.run("quick", () => 3)]);
      return [first, ...second];
    });
    const { workflowRunId } = await client.trigger({ url });
    await waitFor(() => entered === 1, "the slow step");
    await restart();
    await waitFor(() => entered === 2, "the delivery of the dead process to be repeated");
    release();
    const log = await ended(workflowRunId);
    expect(log.workflowRunResponse).toBe(path === "/steps" ? "[1,2]" : "[1,2,3]");
  },
);

test("a batch whose answer was lost is stored completely or not at all", async () => {
  const { endpoint, restart, client } = await startKillable();
  const url = `${endpoint.origin}/nowhere`;
  for (let round = 0; round < 3; round++) {
    const label = `round-${round}`;
    const runs: TriggerOptions[] = Array.from({ length: 100 }, (_, at) => ({
      url,
      label,
      delay: "7d",
      workflowRunId: `${label}-${at}`,
    }));
    const answered = client.trigger(runs).then(
      () => true,
      () => false,
    );
    const [isAnswered] = await Promise.all([
      answered,
      new Promise((resolve) => setTimeout(resolve, round * 3)).then(() => restart()),
    ]);
    const { cancelled } = await client.cancel({ filter: { label } });
    expect(isAnswered ? [100] : [0, 100]).toContain(cancelled);
  }
}, 20_000);

test("due times, retry counts, flow control, dead letters and ended runs survive a kill", async () => {
  const { endpoint, restart, client, run, ended, api } = await startKillable();
  const failing = endpoint.workflow("/failing", async (context) => {
    await context.run("poison", () => {
      throw new Error(`attempt ${context.retried}`);
    });
  });
  const flowControl = { key: "k", parallelism: 1 };
  const dead = await client.trigger({ url: failing, retries: 0 });
  await waitFor(
    async () => (await run(dead.workflowRunId))?.failureFunction?.state === "CALLBACK_FAIL",
    "its end",
  );
  const retrying = await client.trigger({ url: failing, retries: 1, retryDelay: "300000", flowControl });
  const next = async () => (await run(retrying.workflowRunId))?.steps.at(-1);
  await waitFor(async () => JSON.stringify(await next()).includes("STEP_RETRY"), "the first attempt");
  const before = [await run(dead.workflowRunId), (await client.dlq.list()).messages];
  await restart();
  expect([await run(dead.workflowRunId), (await client.dlq.list()).messages]).toEqual(before);
  expect(await next()).toMatchObject({ steps: [{ state: "STEP_RETRY", retries: 1 }] });
  const end = await ended(retrying.workflowRunId);
  expect((end.workflowRunCompletedAt ?? 0) - end.workflowRunCreatedAt).toBeGreaterThanOrEqual(3000);
  const stats = (await (await api("GET", "/_test/stats")).json()) as StatsSnapshot;
  expect(stats.flow["k"]?.inFlightMax).toBe(1);
  const attempts = endpoint.deliveries.filter(
    ({ headers }) => headers["upstash-workflow-runid"] === retrying.workflowRunId,
  );
  expect(attempts.slice(0, 2).map(({ headers }) => headers["upstash-retried"])).toEqual(["0", "1"]);
});

test("stored addresses move to a new origin before anything is delivered", async () => {
  const { endpoint, client, restart, ended, faults } = await startKillable();
  const moved = await startEndpoint(() => "http://127.0.0.1:1");
  cleanups.push(() => moved.close());
  await faults({ paused: true });
  const { workflowRunId } = await client.trigger({ url: `${endpoint.origin}/old`, retries: 0 });
  await restart({ rebase: { from: endpoint.origin, to: moved.origin } });
  const log = await ended(workflowRunId);
  await waitFor(() => moved.deliveries.length >= 2, "the delivery and its failure callback");
  expect(log.workflowUrl).toBe(`${moved.origin}/old`);
  expect(endpoint.deliveries).toEqual([]);
});

test("a second process refuses a file in use, and a foreign schema, and says so", async () => {
  const { dataFile } = await startKillable();
  const second = await runEngineToExit({ port: 0, dataFile });
  expect(second).toMatchObject({ code: 1, stdout: "" });
  expect(second.stderr).toBe(`engine: ${dataFile} is in use by another process (database is locked)\n`);
  const directory = temporaryDirectory();
  cleanups.push(() => directory.remove());
  const foreign = `${directory.path}/foreign.sqlite`;
  const { DatabaseSync } = await import("node:sqlite");
  const db = new DatabaseSync(foreign);
  db.exec("CREATE TABLE meta (key TEXT, value TEXT); INSERT INTO meta VALUES ('schema_version', '999')");
  db.close();
  const unknown = await runEngineToExit({ port: 0, dataFile: foreign });
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toBe(
    `engine: ${foreign} has an unknown schema version; delete this file to start empty\n`,
  );
});

test("a damaged file is refused by its name, with what can be done", async () => {
  const { dataFile, stop } = await startKillable();
  await stop();
  for (const suffix of ["-wal", "-shm"]) rmSync(dataFile + suffix, { force: true });
  truncateSync(dataFile, Math.floor(statSync(dataFile).size / 2));
  const { code, stderr } = await runEngineToExit({ port: 0, dataFile });
  expect(code).toBe(1);
  expect(stderr).toBe(
    `engine: ${dataFile} is damaged, it is no data file of the engine (database disk image is malformed). Put it back from a copy, or delete it: open jobs are then taken up again within minutes\n`,
  );
});

test("the process prints one line, is healthy without a token, and ends with its parent's pipe", async () => {
  const engine = await startEngineProcess({ port: 0, dataFile: ":memory:", hooks: false });
  const health = await fetch(`${engine.url}/healthz`);
  expect([health.status, await health.json()]).toEqual([200, { ok: true }]);
  expect((await connect(() => engine.url).api("GET", "/_test/stats")).status).toBe(404);
  expect(await engine.stop()).toBe(0);
});

test("SIGTERM lets a delivery in flight finish and keeps the rest for the next start", async () => {
  const { endpoint, client, stop, dataFile, url } = await startKillable();
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  let entered = 0;
  const route = endpoint.workflow("/slow", async (context) => {
    await context.run("slow", async () => {
      entered++;
      await released;
    });
  });
  const { workflowRunId } = await client.trigger({ url: route });
  await waitFor(() => entered === 1, "the step");
  const stopped = stop();
  release();
  expect(await stopped).toBe(0);
  const again = await startEngineProcess({ port: Number(new URL(url).port), dataFile });
  cleanups.push(() => again.kill());
  expect(await connect(() => url).ended(workflowRunId)).toMatchObject({ workflowState: "RUN_SUCCESS" });
  expect(entered).toBe(1);
});
