import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { applyMigrations } from "../../../../dev/migrate/apply-migrations.ts";
import { readMigrations } from "../../../../dev/migrate/read-migrations.ts";
import type { SqlExecutor } from "../../../../dev/sql/executor.ts";
import { openPool } from "../../../../dev/sql/pool-executor.ts";
import { createScratchDatabase } from "../sql/scratch-sql.ts";
import { readCatalog } from "./catalog.ts";
import { firstSchema } from "./first-schema.ts";

const pgUrl = process.env["BUSBAR_PG_URL"];
const migrations = readMigrations();
const DEADLINE_MS = 10_000;

/** Resolves with what `work` does, or rejects when it is not done in time. */
async function inTime<T>(what: string, work: Promise<T>): Promise<T> {
  const late = delay(DEADLINE_MS, undefined, { ref: false }).then(() => {
    throw new Error(`${what} did not happen in time`);
  });
  return Promise.race([work, late]);
}

/** Locks and several sessions exist on a server only. */
describe.skipIf(!pgUrl)("a database in use", () => {
  let scratch: Awaited<ReturnType<typeof createScratchDatabase>>;
  let pool: SqlExecutor;
  const clients: pg.Client[] = [];

  beforeEach(async () => {
    scratch = await createScratchDatabase(pgUrl ?? "");
    pool = await openPool(scratch.url);
    await pool.exec(firstSchema);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.end();
    await pool.close();
    await scratch.drop();
  });

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: scratch.url });
    client.on("error", () => undefined);
    await client.connect();
    clients.push(client);
    return client;
  }

  const migrate = (notes: string[] = []) =>
    pool.session((session) =>
      applyMigrations(session, { migrations, pauseMs: 100, waits: ({ name }) => notes.push(name) }),
    );

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await delay(10);
  }

  it("goes on answering while a migration waits for a transaction that stays open", async () => {
    const [reader, other] = [await connect(), await connect()];
    await reader.query("BEGIN; SELECT count(*) FROM meter_values");
    const notes: string[] = [];
    const migrating = migrate(notes);
    await inTime(
      "waiting for the lock",
      until(() => notes.length > 0),
    );
    await inTime("another's answer", other.query("SELECT count(*) FROM meter_values"));
    await inTime(
      "waiting again",
      until(() => notes.length > 2),
    );
    await reader.query("COMMIT");
    const applied = await inTime("the end of the migration", migrating);
    expect(applied.map(({ version }) => version)).toEqual(migrations.map(({ version }) => version));
  });

  it("is brought up once by runs that go on at the same time", async () => {
    const runs = await inTime(
      "the end of all runs",
      Promise.all([migrate(), migrate(), migrate(), migrate()]),
    );
    expect(runs.map((applied) => applied.length).toSorted((a, b) => a - b)).toEqual([
      0,
      0,
      0,
      migrations.length,
    ]);
  });

  it("takes writes while an index is built that waits for an open transaction", async () => {
    await pool.session((session) => applyMigrations(session, { migrations: migrations.slice(0, 2) }));
    const [writer, other] = [await connect(), await connect()];
    const insert = `INSERT INTO meter_values (id, organization_id, charger_id, reason, "values", at)
      SELECT u, u, u, 'MeterValues', '[]', now() FROM gen_random_uuid() u`;
    await writer.query(`BEGIN; ${insert}`);
    const migrating = migrate();
    const building = "SELECT 1 FROM pg_stat_progress_create_index";
    while ((await other.query(building)).rowCount === 0) await delay(10);
    await inTime("another's write", other.query(insert));
    await writer.query("COMMIT");
    await inTime("the end of the migration", migrating);
    expect((await readCatalog(pool)).filter((line) => line.includes("valid=f"))).toEqual([]);
  });

  it("rebuilds an index that an interrupted build left invalid", async () => {
    await pool.session((session) => applyMigrations(session, { migrations: migrations.slice(0, 2) }));
    await pool.exec(`CREATE INDEX meter_values_received ON meter_values (received_at);
      UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'meter_values_received'::regclass`);
    await inTime("the end of the migration", migrate());
    expect((await readCatalog(pool)).filter((line) => line.includes("valid=f"))).toEqual([]);
  });

  it("is free again at once when a run is killed", async () => {
    const killed = await connect();
    await killed.query("SELECT pg_advisory_lock(7201936054)");
    const migrating = migrate();
    await killed.end();
    clients.pop();
    expect(await inTime("the end of the migration", migrating)).toHaveLength(migrations.length);
  });
});
