import { afterEach, expect, test } from "vitest";
import { wallClock } from "../../../../dev/engine/clock.ts";
import { startFixture, waitFor } from "./engine-fixture.ts";
import { manualClock } from "./manual-clock.ts";
import { temporaryDirectory } from "../../../harness/temporary-directory.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const hourMs = 3_600_000;

test("with an injected clock a message waits for exactly its due time", async () => {
  const clock = manualClock();
  const { endpoint, client, close, ended, engine } = await startFixture({ clock, timeScale: 1 });
  cleanups.push(close);
  const url = endpoint.workflow("/later", async (context) => {
    await context.sleep("day", "1d");
    await context.run("last", () => undefined);
  });
  const { workflowRunId } = await client.trigger({ url, delay: "10s" });
  clock.advance(9_999);
  expect(engine.stats().deliveries.step).toBe(0);
  clock.advance(1);
  await waitFor(() => engine.stats().answers["200"] === 1, "the first delivery");
  // The engine counts an answer before it stores what the answer asks for.
  await waitFor(() => clock.isAwaited(clock.nowMs() + 24 * hourMs), "the sleep");
  clock.advance(24 * hourMs - 1);
  expect(engine.stats().deliveries.step).toBe(1);
  clock.advance(1);
  const log = await ended(workflowRunId);
  expect((log.workflowRunCompletedAt ?? 0) - log.workflowRunCreatedAt).toBe(24 * hourMs + 10_000);
});

test("ended runs are readable for a day, dead letters for a week, live runs for ever", async () => {
  const directory = temporaryDirectory();
  cleanups.push(() => directory.remove());
  const dataFile = `${directory.path}/engine.sqlite`;
  const startAt = (offsetMs: number) =>
    startFixture({ dataFile, timeScale: 1, clock: { ...wallClock, nowMs: () => Date.now() + offsetMs } });
  const first = await startAt(0);
  const url = `${first.endpoint.origin}/gone`;
  const failed = await first.client.trigger({ url, retries: 0, label: "l" });
  const live = await first.client.trigger({ url, delay: "300d", label: "l" });
  await waitFor(
    async () => (await first.run(failed.workflowRunId))?.failureFunction?.state === "CALLBACK_FAIL",
    "its end",
  );
  await first.close();
  const seenAt = async (offsetMs: number) => {
    const later = await startAt(offsetMs);
    const { runs } = await later.client.logs({ filter: { label: "l" } });
    const { messages } = await later.client.dlq.list();
    await later.close();
    return [runs.map(({ workflowRunId }) => workflowRunId), messages.length];
  };
  expect(await seenAt(23 * hourMs)).toEqual([[live.workflowRunId, failed.workflowRunId], 1]);
  expect(await seenAt(25 * hourMs)).toEqual([[live.workflowRunId], 1]);
  expect(await seenAt(8 * 24 * hourMs)).toEqual([[live.workflowRunId], 0]);
});
