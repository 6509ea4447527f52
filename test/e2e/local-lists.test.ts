import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import type { OcppVersion } from "../../src/ocpp/version.ts";
import { call } from "../harness/fleet.ts";
import { ListKeeper } from "../harness/ocpp-station/list-keeper.ts";
import { openSql } from "../harness/sql.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

async function create(idTag: string, identity: string): Promise<string> {
  const answer = await call(stack, "POST", "/api/v1/id-tags", { idTag, chargeBoxIds: [identity] });
  expect(answer.status).toBe(201);
  return z.object({ id: z.string() }).parse(answer.body).id;
}

const state = z.object({
  mode: z.string(),
  version: z.number().nullable(),
  reportedVersion: z.number().nullable(),
  outcome: z.string().nullable(),
});

/** A pass of the sweeper, which does not wait for the end of the minute of the one before. */
async function sweep(): Promise<void> {
  await openSql(stack.address("sql"))("DELETE FROM task_locks WHERE name = $1", ["sweeper"]);
  await stack.fireScheduled();
}

/** Waits until a station holds these tags, with a sweeper that does not wait a minute. */
async function holds(station: ListKeeper, tags: string[]): Promise<z.infer<typeof state>> {
  const tick = setInterval(() => void sweep().catch(() => undefined), 2000);
  try {
    return await waitFor(
      `${tags.join(", ")} at ${station.identity}`,
      async () => {
        const path = `/api/v1/chargers/${station.identity}/local-list`;
        const shown = state.parse((await call(stack, "GET", path)).body);
        const isEqual =
          JSON.stringify([...station.list.keys()].toSorted()) === JSON.stringify(tags.toSorted());
        return (
          isEqual &&
          shown.outcome === "applied" &&
          shown.version === station.version &&
          shown.reportedVersion === shown.version &&
          shown
        );
      },
      150_000,
    );
  } finally {
    clearInterval(tick);
  }
}

test.each<OcppVersion>(["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])(
  "an independent %s station gets its list whole, then what changed, and whole again after it lost it",
  async (version) => {
    const name = (card: string) => `${card}-${version}`;
    const [first, second, third] = [name("A"), name("B"), name("C")];
    const station = await ListKeeper.connected(stack, `LISTS-${version}`, version);
    const id = await create(first, station.identity);
    const kept = [name("K"), name("L"), name("M")];
    for (const card of kept) await create(card, station.identity);
    const path = `/api/v1/chargers/${station.identity}/local-list`;
    expect((await call(stack, "PUT", path, { mode: "managed" })).status).toBe(200);
    await holds(station, [first, ...kept]);
    await create(second, station.identity);
    await create(third, station.identity);
    expect((await call(stack, "DELETE", `/api/v1/id-tags/${id}`)).status).toBe(200);
    await holds(station, [second, third, ...kept]);
    expect(station.updates[0]).toBe("Full");
    expect(station.updates.slice(1).every((update) => update === "Differential")).toBe(true);
    station.forget();
    await station.reconnect();
    await holds(station, [second, third, ...kept]);
    expect(station.updates.at(-1)).toBe("Full");
    expect(station.versions).toEqual([...new Set(station.versions)].toSorted((a, b) => a - b));
    expect(station.violations).toEqual([]);
    await station.close();
  },
);
