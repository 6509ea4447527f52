import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startSql } from "../../../../dev/sql/start-sql.ts";
import { migrationsDirectory } from "../../../../dev/migrate/read-migrations.ts";
import { connect, type Sql } from "../../../../src/store/sql.ts";
import { recoveryStore } from "../../../../src/store/recovery.ts";
import { tagRegistryStore } from "../../../../src/store/tag-registry.ts";
import { TAG_SHARDS } from "../../../../src/tag-shard.ts";
import { ended } from "../../../harness/stack.ts";
import { temporaryDirectory } from "../../../harness/temporary-directory.ts";
import { waitFor } from "../../../harness/wait-for.ts";

const root = join(import.meta.dirname, "..", "..", "..", "..");
const directory = temporaryDirectory();
let server: Awaited<ReturnType<typeof startSql>>;
let sql: Sql;
let env: Record<string, string>;
beforeAll(async () => {
  server = await startSql({
    port: 0,
    dataDir: join(directory.path, "postgres"),
    migrations: migrationsDirectory,
    pgUrl: undefined,
  });
  env = {
    DATABASE_URL: `postgresql://postgres:postgres@${crypto.randomUUID()}.local.db/postgres`,
    NEON_FETCH_ENDPOINT: `${server.url}/sql`,
  };
  sql = connect(env as { DATABASE_URL: string; NEON_FETCH_ENDPOINT: string });
});
afterAll(async () => {
  await server.close();
  directory.remove();
});

test("npm run reconcile requests a full reconciliation, has all tag registries read anew, waits for its end and prints how many chargers need a new key", async () => {
  const [organization, living, deleted] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
  await sql.write("INSERT INTO organizations (id, slug, name) VALUES ($1::uuid, 'acme', 'Acme')", [
    organization,
  ]);
  await sql.write(
    `INSERT INTO chargers (id, organization_id, identity, runtime, status, created_at, updated_at, deleted_at, key_lost_at)
     VALUES ($2::uuid, $1::uuid, 'A', 'external', 'READY', now(), now(), NULL, now()),
       ($3::uuid, $1::uuid, 'B', 'external', 'READY', now(), now(), now() - interval '1 year', NULL)`,
    [organization, living, deleted],
  );
  await sql.write(
    "INSERT INTO id_tag_sets (organization_id, version, reconciled_at) VALUES ($1::uuid, 7, now())",
    [organization],
  );
  const child = spawn(process.execPath, [join(root, "dev", "reconcile", "main.ts"), "--minutes", "1"], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const outcome = ended(child);
  const store = recoveryStore(sql);
  const part = await waitFor("the request", () => store.next(crypto.randomUUID(), new Date()), 20_000);
  expect(part.total).toBe(2);
  const tags = await tagRegistryStore(sql).reconcileNext(crypto.randomUUID(), new Date());
  expect(tags?.total).toBe(TAG_SHARDS);
  await sql.write("DELETE FROM charger_effects WHERE batch_id = $1::uuid", [part.id]);
  const { code, stdout, stderr } = await outcome;
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("2 chargers looked at");
  expect(stdout).toContain("Done. 1 chargers need a new authorization key");
});
