import { afterEach, beforeEach, expect, test } from "vitest";
import { chargerBatch } from "./charger-batch.ts";
import { startFixture, waitFor, type Fixture } from "./engine-fixture.ts";

let fixture: Fixture;
beforeEach(async () => {
  fixture = await startFixture({ timeScale: 0.001 });
});
afterEach(() => fixture.close());

const idle = () => waitFor(() => fixture.engine.stats().pending === 0, "everything to be delivered");

test("300 chargers take two deliveries each, plus one per slice, one for the dispatcher and one per failure", async () => {
  const { endpoint, engine, ended } = fixture;
  const batch = chargerBatch(endpoint, () => engine.url, "job", {
    failsBefore: (seq, retried) => seq % 50 === 0 && retried === 0,
  });
  await batch.trigger(300);
  await ended("wfr_job", "RUN_SUCCESS");
  await idle();
  expect([...batch.effects.values()]).toEqual(Array.from({ length: 300 }, () => 1));
  // A delivery is counted with its answer, which may come a moment after its effect.
  await waitFor(() => engine.stats().answers[200] === 604, "the last answer");
  const { deliveries, largestBodyBytes, flow, answers } = engine.stats();
  expect(deliveries.step).toBe(2 * 300 + 3 + 1 + 6);
  expect(answers).toEqual({ 200: 604, 500: 6 });
  expect(largestBodyBytes).toBeLessThan(32 * 1024);
  expect(flow["prov-job"]?.inFlightMax).toBe(20);
});

test("a dispatcher step that crashes after its trigger provisions every charger once", async () => {
  const { endpoint, engine, ended } = fixture;
  const batch = chargerBatch(endpoint, () => engine.url, "job", { crashesAfterTrigger: true });
  await batch.trigger(300);
  await ended("wfr_job", "RUN_SUCCESS");
  await idle();
  expect([...batch.effects.values()]).toEqual(Array.from({ length: 300 }, () => 1));
});

test("the log pages through all runs once, and a label lists exactly its batch", async () => {
  const { endpoint, engine, client } = fixture;
  const batch = chargerBatch(endpoint, () => engine.url, "job");
  await batch.trigger(120);
  await client.trigger({ url: `${endpoint.origin}/elsewhere`, delay: "7d" });
  await waitFor(() => batch.effects.size === 120, "all chargers");
  const list = async (filter: object) => {
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await client.logs({ ...filter, ...(cursor ? { cursor } : {}) });
      expect(page.runs.length).toBeLessThanOrEqual(10);
      ids.push(...page.runs.map(({ workflowRunId }) => workflowRunId));
      cursor = page.cursor;
    } while (cursor);
    return ids;
  };
  const all = await list({});
  expect(all).toHaveLength(122);
  expect(new Set(all).size).toBe(122);
  const labelled = await list({ filter: { label: ["job", "unknown"] } });
  const expected = ["wfr_job", ...Array.from({ length: 120 }, (_, at) => `wfr_job-${at}`)];
  expect(labelled.toSorted()).toEqual(expected.toSorted());
  expect(await list({ filter: { label: "unknown" } })).toEqual([]);
});
