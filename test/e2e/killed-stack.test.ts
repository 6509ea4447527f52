import { afterEach, beforeEach, expect, test } from "vitest";
import { expectWholeFleet } from "../harness/auditor.ts";
import { followBatch, postBatch, type Batch } from "../harness/fleet.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { temporaryDirectory } from "../harness/temporary-directory.ts";

const CHARGERS = 200;

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => (directory = temporaryDirectory()));
afterEach(() => directory.remove());

/** kill -9 on every process, first on the supervisor, which would start them again. */
async function killEverything(stack: RunningStack): Promise<void> {
  await stack.killSupervisor();
  await Promise.all((["worker", "engine", "sql", "redis"] as const).map((part) => stack.killPart(part)));
}

test.each(["the same port", "another port"])(
  "a batch cut short by the death of every process ends READY after a start on %s",
  async (where) => {
    const first = await startStack({ dataDirectory: directory.path });
    const begun = await postBatch(first, { chargers: CHARGERS });
    const seen = await begun.until(0.2);
    await killEverything(first);
    expect(seen.progress.pending).toBeGreaterThan(0);

    const port = where === "the same port" ? new URL(first.url).port : "0";
    const second = await startStack({ dataDirectory: directory.path, args: ["--port", port] });
    expect(second.url === first.url).toBe(where === "the same port");
    expect(second.apiKey).toBe(first.apiKey);
    const batch: Batch = { ...begun, ...followBatch(second, begun, CHARGERS) };
    await batch.finished();
    await expectWholeFleet(second, second.address("sql"), batch, CHARGERS);
    await second.stop();
  },
);
