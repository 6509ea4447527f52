import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { call } from "../harness/fleet.ts";
import { ListKeeper } from "../harness/ocpp-station/list-keeper.ts";
import { openSql } from "../harness/sql.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";

const WITHIN_MS = 170_000;

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

/** A pass of the sweeper, which does not wait for the end of the minute of the one before. */
async function sweep(): Promise<void> {
  await openSql(stack.address("sql"))("DELETE FROM task_locks WHERE name = $1", ["sweeper"]);
  await stack.fireScheduled();
}

/** Waits with a sweeper that does not wait a minute. */
async function swept<T>(what: string, look: () => Promise<T | false>): Promise<T> {
  const tick = setInterval(() => void sweep().catch(() => undefined), 2000);
  try {
    return await waitFor(what, () => look().catch(() => false as const), WITHIN_MS);
  } finally {
    clearInterval(tick);
  }
}

const state = z.object({
  outcome: z.string().nullable(),
  version: z.number().nullable(),
  reportedVersion: z.number().nullable(),
});

test("kill -9 of runtime, engine and database between a list and its answer uses no version twice, and the station ends equal", async () => {
  const create = async (idTag: string) =>
    swept(`the tag ${idTag}`, async () => {
      const { status } = await call(stack, "POST", "/api/v1/id-tags", { idTag });
      return [201, 409].includes(status);
    });
  const station = await ListKeeper.connected(stack, "KILLED-LIST", "ocpp1.6");
  const path = `/api/v1/chargers/${station.identity}/local-list`;
  const holds = (tags: string[]) =>
    swept(`${tags.length} tags at the station`, async () => {
      const shown = state.parse((await call(stack, "GET", path)).body);
      const isEqual = JSON.stringify([...station.list.keys()].toSorted()) === JSON.stringify(tags.toSorted());
      return (
        isEqual &&
        shown.outcome === "applied" &&
        shown.version === station.version &&
        shown.reportedVersion === shown.version
      );
    });
  await create("CARD-0");
  expect((await call(stack, "PUT", path, { mode: "managed" })).status).toBe(200);
  await holds(["CARD-0"]);
  const tags = ["CARD-0"];
  for (const card of ["CARD-1", "CARD-2"]) {
    station.isSilent = true;
    await create(card);
    tags.push(card);
    const before = station.versions.length;
    await swept("a list that is not answered", async () => station.versions.length > before);
    await stack.killPart("worker");
    await stack.killPart("engine");
    await stack.killPart("sql");
    station.isSilent = false;
    await station.reconnect();
    await holds(tags);
  }
  expect(station.versions.length).toBeGreaterThan(3);
  expect(station.versions).toEqual([...new Set(station.versions)].toSorted((a, b) => a - b));
  expect(station.violations).toEqual([]);
  await station.close();
});
