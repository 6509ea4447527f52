import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyMigrations } from "../../../../dev/migrate/apply-migrations.ts";
import { readMigrations } from "../../../../dev/migrate/read-migrations.ts";
import type { SqlExecutor } from "../../../../dev/sql/executor.ts";
import { openPglite } from "../../../../dev/sql/pglite-executor.ts";
import { projectRoot } from "../../../../dev/stack/project.ts";
import { readCatalog } from "./catalog.ts";
import { firstRows, firstSchema } from "./first-schema.ts";

const migrations = readMigrations();
const whole = readFileSync(join(projectRoot, "schema.sql"), "utf8");

const RESET = "DROP SCHEMA public CASCADE; CREATE SCHEMA public";

let database: SqlExecutor;
beforeAll(async () => {
  database = await openPglite({ dataDir: "memory" });
});
afterAll(() => database.close());

const migrate = (only = migrations) => applyMigrations(database, { migrations: only });

/** The catalog of a database made by `texts`, one after the other, and then migrated. */
async function catalogAfter(...texts: string[]): Promise<string[]> {
  await database.exec(RESET);
  for (const text of texts) await database.exec(text);
  await migrate();
  return readCatalog(database);
}

async function oneRow(query: string): Promise<(string | null)[] | undefined> {
  return (await database.run({ query, params: [] })).rows[0];
}

/** Two tables of the station history as they were before their later columns, with a row each. */
const EARLIER_HISTORY = `
  INSERT INTO meter_values (id, organization_id, charger_id, reason, "values", at)
    SELECT u, u, u, 'MeterValues', '[]', '1970-01-01Z' FROM gen_random_uuid() u;
  INSERT INTO security_events (id, organization_id, charger_id, source, name, at)
    SELECT u, u, u, 'station', 'X', '1970-01-01Z' FROM gen_random_uuid() u;`;

describe("all migrations together", () => {
  it("make the schema that schema.sql shows", async () => {
    await database.exec(RESET);
    await database.exec(whole);
    const shown = await readCatalog(database);
    expect(await catalogAfter()).toEqual(shown);
    expect(shown.length).toBeGreaterThan(200);
  });

  it("bring a database that was made before there were migrations to the same schema, with its rows", async () => {
    const fresh = await catalogAfter();
    expect(await catalogAfter(firstSchema, EARLIER_HISTORY)).toEqual(fresh);
    for (const table of ["meter_values", "security_events"])
      expect(await oneRow(`SELECT received_at > now() - interval '1 day' FROM ${table}`)).toEqual(["t"]);
  });

  it("leave a schema that takes the rows the first version writes", async () => {
    await catalogAfter(firstSchema);
    await database.exec(firstRows);
    expect(await oneRow("SELECT count(*) FROM chargers")).toEqual(["2"]);
  });

  it("change nothing where schema.sql was applied by hand", async () => {
    const fresh = await catalogAfter();
    expect(await catalogAfter(whole)).toEqual(fresh);
  });

  it("are applied once and recorded", async () => {
    await database.exec(RESET);
    expect((await migrate()).map(({ name }) => name)).toEqual(migrations.map(({ name }) => name));
    expect(await migrate()).toEqual([]);
    expect(await oneRow("SELECT count(*) FROM schema_migrations")).toEqual([String(migrations.length)]);
  });
});

describe("a run", () => {
  it("applies only what the database has not seen", async () => {
    await database.exec(RESET);
    await migrate(migrations.slice(0, 2));
    const rest = migrations.slice(2).map(({ name }) => name);
    expect((await migrate()).map(({ name }) => name)).toEqual(rest);
  });

  it("leaves migrations of a later version alone", async () => {
    await catalogAfter("");
    await database.exec(
      "INSERT INTO schema_migrations (version, name, checksum) VALUES (9999, '9999-later', 'x')",
    );
    expect(await migrate()).toEqual([]);
  });

  it("stops before a migration that was changed after it had been applied", async () => {
    await catalogAfter("");
    const changed = migrations.map((one, index) => (index === 1 ? { ...one, checksum: "another" } : one));
    await expect(migrate(changed)).rejects.toThrow("Migrations are never changed");
  });

  it("undoes a migration that fails, keeps those before it and can be repeated", async () => {
    await catalogAfter("");
    const broken = {
      version: 9001,
      name: "9001-broken",
      text: "CREATE TABLE half_done (id int); SELECT 1 / 0;",
      isConcurrent: false,
      checksum: "x",
    };
    await expect(migrate([...migrations, broken])).rejects.toThrow("9001-broken: division by zero");
    expect(await oneRow("SELECT to_regclass('half_done')")).toEqual([null]);
    const mended = { ...broken, text: "CREATE TABLE half_done (id int)" };
    expect((await migrate([...migrations, mended])).map(({ version }) => version)).toEqual([9001]);
  });
});
