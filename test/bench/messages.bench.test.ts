import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeJson } from "../../dev/stack/write-json.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { measureKind } from "./messages/measure-messages.ts";
import {
  emptyMessageResults,
  messageBenchMode as mode,
  messageResultsFile,
} from "./messages/message-results.ts";
import { productSide, startBareObjects, startNodeServer } from "./messages/message-scenarios.ts";

const results = emptyMessageResults(mode);

let stack: RunningStack;
let node: Awaited<ReturnType<typeof startNodeServer>>;
let bare: Awaited<ReturnType<typeof startBareObjects>>;
beforeAll(async () => {
  stack = await startStack();
  node = await startNodeServer();
  bare = await startBareObjects();
});
// A missed bound is a result too: it is stored, whatever the expectations say.
afterAll(async () => {
  await bare.stop();
  await node.stop();
  await stack.stop();
  const file = messageResultsFile(mode.name);
  mkdirSync(dirname(file), { recursive: true });
  writeJson(file, results);
});

test.each(mode.measured)(
  "a message of the kind %s, sent by %i at once, writes and syncs no more than its bound",
  async (kind, stations) => {
    const sides = { product: productSide(stack), node, bare };
    const measured = await measureKind(sides, kind, stations, mode.sizes);
    results.measured.push({ kind, ...measured });
    const { disk } = measured.product;
    if (disk !== null) {
      expect(disk.bytes).toBeLessThanOrEqual(mode.diskMax[kind].bytes);
      expect(disk.syncs).toBeLessThanOrEqual(mode.diskMax[kind].syncs);
    }
  },
);
