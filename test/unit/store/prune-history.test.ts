import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { pruneHistory } from "../../../src/store/prune-history.ts";
import type { Sql } from "../../../src/store/sql.ts";
import { batchOf, openDatabase, type Database } from "../../harness/database.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase({ isShared: false });
}, 60_000);
afterAll(() => db.close());

const NOW = new Date("2026-11-30T12:00:00Z");
const TABLES = [
  "meter_values",
  "security_events",
  "station_events",
  "data_transfers",
  "reservations",
  "events",
  "webhook_deliveries",
];
const ARRIVED = "timestamptz '2026-11-30 12:00:00Z' - interval '90 days'";
const STORED = "timestamptz '2026-11-30 12:00:00Z' - interval '7 days'";

/** Few enough that a busy machine stores them within the deadline of a statement. */
const SLICE = 5000;

/** Rows in every table that came in one after the other: so many too long ago, and three a moment later. */
async function arrived(old: number): Promise<void> {
  for (let from = 1; from <= old + 3; from += SLICE)
    await arrive(old, from, Math.min(from + SLICE - 1, old + 3));
}

async function arrive(old: number, from: number, to: number): Promise<void> {
  const past = (kept: string) => `${kept} + (n - ${old}) * interval '1 second' - interval '500 milliseconds'`;
  const when = past(ARRIVED);
  const ids = `gen_random_uuid(), gen_random_uuid(), gen_random_uuid()`;
  const rows = `FROM generate_series(${from}::int, ${to}::int) n`;
  await db.sql.write(
    `WITH a AS (INSERT INTO meter_values (id, organization_id, charger_id, reason, "values", at, received_at)
        SELECT ${ids}, 'MeterValues', '[]', now(), ${when} ${rows}),
      b AS (INSERT INTO security_events (id, organization_id, charger_id, source, name, at, received_at)
        SELECT ${ids}, 'station', 'X', now(), ${when} ${rows}),
      c AS (INSERT INTO station_events (id, organization_id, charger_id, action, payload, at, received_at)
        SELECT ${ids}, 'NotifyEvent', '{}', now(), ${when} ${rows}),
      d AS (INSERT INTO events (organization_id, id, type, at, data, created_at)
        SELECT gen_random_uuid(), 'evt_' || n, 't', now(), '{}', ${past(STORED)} ${rows}),
      e AS (INSERT INTO reservations (id, organization_id, charger_id, reservation_id, evse_id, id_tag, status, expires_at,
          created_at, updated_at, revision)
        SELECT 'rsv_' || n, gen_random_uuid(), gen_random_uuid(), n, 1, 'TAG', 'used', 'infinity', '-infinity', ${when}, 3 ${rows}),
      f AS (INSERT INTO webhook_deliveries (webhook_id, event_id, organization_id, type, due_at, created_at)
        SELECT 'wh_1', 'evt_' || n, gen_random_uuid(), 't', now(), ${past(STORED)} ${rows})
      INSERT INTO data_transfers (id, organization_id, charger_id, direction, vendor_id, at)
        SELECT gen_random_uuid()::text, gen_random_uuid(), gen_random_uuid(), 'incoming', 'v', ${when} ${rows}`,
    [],
  );
}

async function left(): Promise<number[]> {
  const counts = TABLES.map((table) => `(SELECT count(*)::int FROM ${table}) AS ${table}`);
  const [row] = await db.sql.read(`SELECT ${counts.join(", ")}`, []);
  return TABLES.map((table) => Number(row?.[table]));
}

beforeEach(async () => {
  for (const table of TABLES) await db.sql.write(`TRUNCATE ${table}`, []);
});

test("one pass deletes all rows that are too old, however many, and nothing else", async () => {
  await arrived(25_000);
  await pruneHistory(db.sql, NOW);
  expect(await left()).toEqual([3, 3, 3, 3, 3, 3, 3]);
});

test("a pass whose time is used up has deleted the oldest rows of every table, and the next one continues", async () => {
  await arrived(250);
  await pruneHistory(db.sql, NOW, { rowsPerStatement: 100, budgetMs: 0 });
  expect(await left()).toEqual([153, 153, 153, 153, 153, 153, 153]);
  const [oldest] = await db.sql.read("SELECT min(received_at) AS at FROM meter_values", []);
  expect(Number(oldest?.["at"])).toBe(NOW.getTime() - 90 * 86_400_000 - 149_500);
  await pruneHistory(db.sql, NOW, { rowsPerStatement: 100 });
  expect(await left()).toEqual([3, 3, 3, 3, 3, 3, 3]);
});

test("old rows are found by the index on their arrival, with and without statistics", async () => {
  await arrived(25_000);
  const texts: string[] = [];
  const given = new Map<string, readonly unknown[]>();
  const noting: Pick<Sql, "write"> = {
    write: async (text, params) => (texts.push(text), given.set(text, params), [{ gone: 0 }]),
  };
  // A small part of what is there, as in a database that is in use.
  await pruneHistory(noting, NOW, { rowsPerStatement: 500 });
  // That of remote starts is held to its plan by transaction-plans.
  const deleting = texts.filter((text) => text.includes("DELETE"));
  const expiring = texts.filter((text) => text.includes("UPDATE reservations"));
  expect([texts.length, deleting.length, expiring.length]).toEqual([TABLES.length + 2, TABLES.length, 1]);
  for (const state of ["", "ANALYZE"]) {
    if (state) await db.sql.read(state, []);
    for (const text of [...deleting, ...expiring]) {
      const plan = await db.sql.write(`EXPLAIN ${text}`, [...(given.get(text) ?? [])]);
      const lines = plan.map((row) => String(row["QUERY PLAN"])).join("\n");
      expect(lines).toMatch(
        text.includes("DELETE")
          ? /Index Scan using \w+_(received|age) /
          : /Index Scan (using|on) reservations_due /,
      );
      // This database has no chargers and no webhooks.
      expect(lines).not.toMatch(/Seq Scan on (?!chargers |webhooks )/);
    }
  }
});

test("a remote start whose session was lost expires after a day, and its transaction may still begin", async () => {
  const statusAt = async (startedAt: string) => {
    const id = `txn_${crypto.randomUUID()}`;
    await db.sql.write(
      `INSERT INTO transactions (id, organization_id, transaction_id, charger_id, evse_id, connector_id, status, started_at,
        revision, updated_at) VALUES ($1, gen_random_uuid(), 1, gen_random_uuid(), 1, 1, 'pending', $2::timestamptz, -1, now())`,
      [id, startedAt],
    );
    await pruneHistory(db.sql, NOW);
    const [row] = await db.sql.read("SELECT status, revision FROM transactions WHERE id = $1", [id]);
    return [row?.["status"], row?.["revision"]];
  };
  expect(await statusAt("2026-11-29T11:59:59Z")).toEqual(["expired", 0]);
  expect(await statusAt("2026-11-29T12:00:01Z")).toEqual(["pending", -1]);
});

test("a reservation that is held is kept however old, and expires a day after its time if its session was lost", async () => {
  const tenant = await db.tenant();
  const batch = batchOf(tenant, ["LOST"]);
  await db.stores.jobs.accept(batch);
  const organizationId = tenant.organization.id;
  const held = async (expiresAt: string) => {
    const id = `rsv_${crypto.randomUUID()}`;
    await db.sql.write(
      `INSERT INTO reservations (id, organization_id, charger_id, reservation_id, evse_id, id_tag, status, expires_at, created_at,
        updated_at, revision)
      VALUES ($1, $2::uuid, $3::uuid, 1, 1, 'TAG', 'active', $4::timestamptz, '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z', 0)`,
      [id, organizationId, batch.chargers[0]?.id, expiresAt],
    );
    // Once expired, it stays as long as any other.
    for (let pass = 0; pass < 2; pass++) await pruneHistory(db.sql, NOW);
    const [row] = await db.sql.read("SELECT status, revision FROM reservations WHERE id = $1", [id]);
    const events = await db.sql.read(
      "SELECT type, charge_box_id FROM events WHERE organization_id = $1::uuid AND data->>'id' = $2",
      [organizationId, id],
    );
    return [row?.["status"], row?.["revision"], events];
  };
  expect(await held("2026-11-29T12:00:01Z")).toEqual(["active", 0, []]);
  const told = [{ type: "reservation.expired", charge_box_id: "LOST" }];
  expect(await held("2026-11-29T11:59:59Z")).toEqual(["expired", 1, told]);
});
