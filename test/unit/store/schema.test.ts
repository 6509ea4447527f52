import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { PGlite } from "@electric-sql/pglite";
import { afterAll, beforeAll, expect, test } from "vitest";

const schema = readFileSync(fileURLToPath(new URL("../../../schema.sql", import.meta.url)), "utf8");

let db: PGlite;
beforeAll(async () => {
  db = await PGlite.create();
});
afterAll(() => db.close());

/** Two tables of the station history as they were before their later columns. */
const EARLIER = `
  CREATE TABLE meter_values (id uuid PRIMARY KEY, organization_id uuid NOT NULL, charger_id uuid NOT NULL,
    transaction_id integer, claimed_id text, evse_id integer, reason text NOT NULL, energy_wh bigint,
    "values" jsonb NOT NULL, at timestamptz NOT NULL);
  CREATE TABLE security_events (id uuid PRIMARY KEY, organization_id uuid NOT NULL, charger_id uuid NOT NULL,
    source text NOT NULL, name text NOT NULL, tech_info text, at timestamptz NOT NULL);
  INSERT INTO meter_values (id, organization_id, charger_id, reason, "values", at)
    SELECT u, u, u, 'MeterValues', '[]', '1970-01-01Z' FROM gen_random_uuid() u;
  INSERT INTO security_events (id, organization_id, charger_id, source, name, at)
    SELECT u, u, u, 'station', 'X', '1970-01-01Z' FROM gen_random_uuid() u;`;

async function columns(place: string): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `SELECT table_name || '.' || column_name || ' ' || is_nullable AS name FROM information_schema.columns
     WHERE table_schema = $1 ORDER BY 1`,
    [place],
  );
  return rows.map(({ name }) => name);
}

test("applied again, also to an earlier database, the schema gives the same columns and keeps every row", async () => {
  await db.exec(`CREATE SCHEMA fresh; SET search_path TO fresh; ${schema}`);
  await db.exec(`CREATE SCHEMA earlier; SET search_path TO earlier; ${EARLIER} ${schema}`);
  await db.exec(schema);
  expect(await columns("earlier")).toEqual(await columns("fresh"));
  for (const table of ["meter_values", "security_events"]) {
    const { rows } = await db.query(
      `SELECT received_at > now() - interval '1 day' AS counts_from_now FROM ${table}`,
    );
    expect(rows).toEqual([{ counts_from_now: true }]);
  }
});
