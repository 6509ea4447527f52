import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { call } from "../harness/fleet.ts";
import { newDoor } from "../harness/ocpp-station/door.ts";
import { inParallel } from "../harness/ocpp-station/in-parallel.ts";
import { RawStation } from "../harness/ocpp-station/raw-station.ts";
import { openSql } from "../harness/sql.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";

/** Three steps of the run, and one that ends it. */
const CHARGERS = 250;
const TAG = "JANES-CARD-4711";
const DONE_WITHIN_MS = 150_000;

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const job = z.object({
  status: z.string(),
  type: z.string(),
  progress: z.object({ total: z.number(), done: z.number() }),
});

const TAGS = 10_000;

/** Ends all parts but the supervisor at once, with kill -9. */
async function killAll(): Promise<void> {
  await stack.killPart("worker");
  await stack.killPart("engine");
  await stack.killPart("sql");
}

/** What a job shows once it is done, with a sweeper that does not wait a minute. */
async function ended(statusUrl: string): Promise<z.infer<typeof job>> {
  const tick = setInterval(() => void stack.fireScheduled().catch(() => undefined), 5000);
  const shown = async () => job.parse((await call(stack, "GET", statusUrl)).body);
  try {
    return await waitFor(
      "the end of the job",
      async () => {
        const now = await shown();
        return now.status === "done" && now;
      },
      DONE_WITHIN_MS,
    );
  } finally {
    clearInterval(tick);
  }
}

/** Rows of all tables that name the tag, by table. */
async function found(text: string): Promise<Record<string, number>> {
  const sql = openSql(stack.address("sql"));
  const tables = await sql(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
    [],
  );
  const counts: Record<string, number> = {};
  for (const { name } of tables) {
    const [row] = await sql(
      `SELECT count(*)::int AS n FROM "${String(name)}" t WHERE position($1 IN lower(t::text)) > 0`,
      [text.toLowerCase()],
    );
    if (Number(row?.["n"]) > 0) counts[String(name)] = Number(row?.["n"]);
  }
  return counts;
}

async function framesOf(identity: string): Promise<string> {
  const sql = openSql(stack.address("sql"));
  const [row] = await sql("SELECT id FROM chargers WHERE identity = $1", [identity]);
  const { body } = await call(stack, "GET", `/ocpp/chargers/${String(row?.["id"])}/logs?limit=100`);
  return JSON.stringify(body);
}

test("an erasure that is interrupted by kill -9 of the runtime, the engine and the database ends, and leaves the tag nowhere", async () => {
  const created = await call(
    stack,
    "POST",
    "/api/v1/id-tags",
    { idTag: TAG, name: "Jane" },
    { "idempotency-key": "jane" },
  );
  const { id } = z.object({ id: z.string() }).parse(created.body);
  const identities = Array.from({ length: CHARGERS }, (_, index) => `ERASE-${index}`);
  const doors = await inParallel(identities, 8, (identity) => newDoor(stack, identity));
  // At the beginning, in the middle and at the end of the chargers.
  const used = [0, 120, CHARGERS - 1].map((index) => doors[index]).filter((door) => door !== undefined);
  for (const door of used) {
    const station = await RawStation.booted(door);
    const timestamp = new Date().toISOString();
    await station.call("Authorize", { idTag: TAG });
    const start = { connectorId: 1, idTag: TAG, meterStart: 0, timestamp };
    const [, , answer] = await station.call("StartTransaction", start);
    const { transactionId } = answer as { transactionId: number };
    await station.call("DataTransfer", { vendorId: "V", data: `card ${TAG}` });
    await station.call("StopTransaction", { transactionId, meterStop: 5, timestamp, idTag: TAG });
    station.socket.terminate();
  }
  await waitFor("the history of the tag", async () => {
    const counts = await found(TAG);
    return counts["transactions"] === 3 && counts["data_transfers"] === 3;
  });

  const answer = await call(stack, "DELETE", `/api/v1/id-tags/${id}?erase=true`);
  expect(answer.status).toBe(202);
  const { statusUrl } = z.object({ statusUrl: z.string() }).parse(answer.body);
  expect(answer.headers.get("location")).toBe(statusUrl);
  await killAll();
  const progress = { total: CHARGERS, done: CHARGERS };
  expect(await ended(statusUrl)).toEqual({ type: "erase", status: "done", progress });
  await waitFor("no effect to be left", async () => Object.keys(await found(TAG)).length === 0);
  expect(await found("erased-")).toMatchObject({ transactions: 3, data_transfers: 3, id_tag_jobs: 1 });
  for (const { identity } of used) {
    const frames = await framesOf(identity);
    expect(frames).toContain("erased-");
    expect(frames.toUpperCase()).not.toContain(TAG);
  }
  const gone = await call(stack, "GET", `/api/v1/id-tags/${id}`);
  expect(gone.status).toBe(404);
});

test("an import that is interrupted in the same way imports every tag once, and each of them opens", async () => {
  const idTags = Array.from({ length: TAGS }, (_, n) => ({ idTag: `IMPORT-${n}` }));
  await call(stack, "PATCH", "/api/v1/organization", { acceptUnknownIdTags: false });
  const answer = await call(stack, "POST", "/api/v1/id-tags/import", { idTags });
  expect(answer.status).toBe(202);
  const { statusUrl } = z.object({ statusUrl: z.string() }).parse(answer.body);
  await killAll();
  const progress = { total: TAGS, done: TAGS };
  expect(await ended(statusUrl)).toEqual({ type: "import", status: "done", progress });
  const sql = openSql(stack.address("sql"));
  const [row] = await sql(
    "SELECT count(*)::int AS n, count(DISTINCT key)::int AS keys FROM id_tags WHERE source = 'import'",
    [],
  );
  expect(row).toEqual({ n: TAGS, keys: TAGS });
  await waitFor(
    "the registry to be told",
    async () => {
      await stack.fireScheduled();
      return (await sql("SELECT 1 FROM id_tag_effects LIMIT 1", [])).length === 0;
    },
    DONE_WITHIN_MS,
  );
  const station = await RawStation.booted(await newDoor(stack, "AFTER-IMPORT"));
  for (let n = 0; n < TAGS; n += 97) {
    const [, , told] = await station.call("Authorize", { idTag: `import-${n}` });
    expect(told).toEqual({ idTagInfo: { status: "Accepted" } });
  }
  station.socket.terminate();
});
