import { afterAll, beforeAll, expect, test } from "vitest";
import { startFixture, waitFor, type Fixture } from "./engine-fixture.ts";

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.close());

const sleeper = (path: string) =>
  fixture.endpoint.workflow(path, async (context) => {
    await context.sleep("long", 80_000_000);
    await context.run("never", () => undefined);
  });

test("cancel by id ends the run, and a result published afterwards is ignored with 200", async () => {
  const { endpoint, client, ended } = fixture;
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  let started = false;
  const url = endpoint.workflow("/cancelled", async (context) => {
    await context.run("slow", async () => {
      started = true;
      await released;
    });
    await context.run("never", () => expect.unreachable());
  });
  const { workflowRunId } = await client.trigger({ url });
  await waitFor(() => started, "the step to start");
  expect(await client.cancel(workflowRunId)).toEqual({ cancelled: 1 });
  expect(await client.cancel(workflowRunId)).toEqual({ cancelled: 0 });
  release();
  await waitFor(
    () => endpoint.deliveries.some(({ path, status }) => path === "/cancelled" && status),
    "an answer",
  );
  const deliveries = endpoint.deliveries.filter(({ path }) => path === "/cancelled");
  expect(deliveries.map(({ status }) => status)).toEqual([200]);
  expect(await ended(workflowRunId)).toMatchObject({ workflowState: "RUN_CANCELED" });
});

test("cancel by label ends a hundred runs per call until none is left, and no others", async () => {
  const { client, ended, run } = fixture;
  const url = sleeper("/labelled");
  const runs = (label: string, count: number) =>
    Array.from({ length: count }, (_, at) => ({ url, label, workflowRunId: `${label}-${at}` }));
  await client.trigger(runs("batch-1", 100));
  await client.trigger(runs("batch-1", 250).slice(100));
  await client.trigger(runs("batch-2", 1));
  const cancelled: number[] = [];
  do cancelled.push((await client.cancel({ filter: { label: "batch-1" } })).cancelled);
  while (cancelled.at(-1) !== 0);
  expect(cancelled).toEqual([100, 100, 50, 0]);
  expect(await ended("wfr_batch-1-249")).toMatchObject({ workflowState: "RUN_CANCELED" });
  expect(await run("wfr_batch-2-0")).toMatchObject({ workflowState: "RUN_STARTED" });
});

test("cancel takes lists, URL prefixes, exact URLs and flow-control keys", async () => {
  const { client } = fixture;
  const url = sleeper("/filters/one");
  const other = sleeper("/filters/two");
  await client.trigger([
    { url, workflowRunId: "f1" },
    { url, workflowRunId: "f2" },
  ]);
  expect(await client.cancel(["wfr_f1", "wfr_f2", "wfr_unknown"])).toEqual({ cancelled: 2 });
  await client.trigger([{ url }, { url: other }, { url: other }]);
  expect(await client.cancel({ filter: { workflowUrl: url.slice(0, -1) } })).toEqual({ cancelled: 0 });
  expect(await client.cancel({ filter: { workflowUrl: url } })).toEqual({ cancelled: 1 });
  expect(await client.cancel({ filter: { workflowUrlStartingWith: url.slice(0, -3) } })).toEqual({
    cancelled: 2,
  });
  await client.trigger([{ url, flowControl: { key: "f", parallelism: 1 } }, { url }]);
  expect(await client.cancel({ filter: { flowControlKey: "f" } })).toEqual({ cancelled: 1 });
  expect(await client.cancel({ filter: { workflowUrl: url } })).toEqual({ cancelled: 1 });
});

test("a workflow cancels itself", async () => {
  const { endpoint, client, ended } = fixture;
  const url = endpoint.workflow("/self", async (context) => {
    await context.run("first", () => undefined);
    await context.cancel();
  });
  const { workflowRunId } = await client.trigger({ url });
  expect(await ended(workflowRunId)).toMatchObject({ workflowState: "RUN_CANCELED" });
});

test("the log of a cancelled run shows its undelivered messages", async () => {
  const { client, ended } = fixture;
  const { workflowRunId } = await client.trigger({ url: sleeper("/pending"), delay: "1d" });
  await client.cancel(workflowRunId);
  const { steps } = await ended(workflowRunId);
  expect(steps.at(-1)).toMatchObject({ type: "next", steps: [{ state: "STEP_CANCELED" }] });
});
