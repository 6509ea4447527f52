import { afterEach, beforeEach, expect } from "vitest";
import { z } from "zod";
import { onlineCount } from "./auditor.ts";
import { call, postBatch, type Batch } from "./fleet.ts";
import { startStack, type RunningStack } from "./stack.ts";
import { temporaryDirectory } from "./temporary-directory.ts";
import { waitFor } from "./wait-for.ts";

/** Chargers of a bulk change: the maximum of 1,000 with BUSBAR_FULL=1, else 200 to save time. */
export const BULK = process.env["BUSBAR_FULL"] === "1" ? 1000 : 200;
export const BULK_DEADLINE_MS = 150_000;

export interface Station {
  id: string;
  identity: string;
}

/** A stack with an empty data directory for each test of the file; `restart` starts it again on the same data. */
export function stackForEachTest(): {
  readonly running: RunningStack;
  restart(): Promise<void>;
} {
  let directory: ReturnType<typeof temporaryDirectory>;
  let stack: RunningStack;
  const start = () =>
    startStack({ dataDirectory: directory.path, env: { OCPP_UPGRADE_FAILURE_LIMIT: "1000000" } });
  beforeEach(async () => {
    directory = temporaryDirectory();
    stack = await start();
  });
  afterEach(async () => {
    await stack.stop();
    directory.remove();
  });
  return {
    get running() {
      return stack;
    },
    async restart() {
      await stack.stop();
      stack = await start();
    },
  };
}

/** Creates simulated chargers and waits until they are READY and online. */
export async function readyFleet(
  stack: RunningStack,
  chargers: number,
): Promise<{ batch: Batch; stations: Station[] }> {
  const batch = await postBatch(stack, { chargers });
  const { status, results } = await batch.finished(BULK_DEADLINE_MS);
  expect([status, results?.failed]).toEqual(["READY", []]);
  await waitFor("the whole fleet on line", async () => (await onlineCount(stack)) === chargers, 60_000);
  return { batch, stations: results?.created ?? [] };
}

const connection = z.object({ isOnline: z.boolean(), ocppVersion: z.string().nullable() });

/** Whether a station is connected, and the subprotocol it speaks, as `/api/v1` tells it. */
export async function connectionOf(stack: RunningStack, { identity }: Station) {
  const { body } = await call(stack, "GET", `/api/v1/chargers/${identity}`);
  return connection.parse(body);
}
