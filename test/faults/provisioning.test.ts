import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadSecrets } from "../../dev/stack/secrets.ts";
import { expectOneCredentialEach, expectWholeFleet } from "../harness/auditor.ts";
import { postBatch } from "../harness/fleet.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";

const CHARGERS = 300;
const DEADLINE_MS = 150_000;

let directory: string;
let stack: RunningStack;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "busbar-fault-"));
});
afterEach(async () => {
  await stack.stop();
  rmSync(directory, { recursive: true, force: true });
});

describe("a batch of 300 simulated chargers ends with every charger READY, one record and one credential each", () => {
  test.each(["engine", "worker"] as const)("when the %s is killed in the middle", async (part) => {
    stack = await startStack({ dataDirectory: directory });
    const batch = await postBatch(stack, { chargers: CHARGERS });
    const seen = await batch.until(0.3);
    await stack.killPart(part);
    expect(seen.progress.pending).toBeGreaterThan(CHARGERS * 0.3);
    await batch.finished(DEADLINE_MS);
    await expectWholeFleet(stack, stack.address("sql"), batch, CHARGERS);
    await expectOneCredentialEach(stack, CHARGERS);
  });

  test("when every tenth delivery comes twice", async () => {
    stack = await startStack({ dataDirectory: directory, env: { BUSBAR_ENGINE_HOOKS: "1" } });
    await setFaults(stack, { duplicateEvery: 10, duplicateMode: "concurrent" });
    const batch = await postBatch(stack, { chargers: CHARGERS });
    await batch.finished(DEADLINE_MS);
    await expectWholeFleet(stack, stack.address("sql"), batch, CHARGERS);
    await expectOneCredentialEach(stack, CHARGERS);
  });
});

async function setFaults(running: RunningStack, faults: Record<string, unknown>): Promise<void> {
  const response = await fetch(`${running.address("engine")}/_test/faults`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${loadSecrets(join(running.dataDirectory, "secrets.json")).QSTASH_TOKEN}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(faults),
  });
  expect(response.status).toBe(200);
}
