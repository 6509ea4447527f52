import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readMigrations } from "../../dev/migrate/read-migrations.ts";
import { openPglite } from "../../dev/sql/pglite-executor.ts";
import { createApiKeyMaterial } from "../../src/fleet/keys/api-key-material.ts";
import { call, createLocation, postBatch } from "../harness/fleet.ts";
import { openSql } from "../harness/sql.ts";
import { startStack } from "../harness/stack.ts";
import { temporaryDirectory } from "../harness/temporary-directory.ts";

const fixture = (name: string) => readFileSync(join(import.meta.dirname, "..", "fixtures", name), "utf8");

const ORGANIZATION = "01900000-0000-7000-8000-0000000000a1";
const KEY = "key_01J0000000000000000000000A";
/** Contents of `secrets.json` of such a stack. */
const SECRETS = [
  "JWT_SECRET",
  "SETTINGS_TOKEN_SECRET",
  "CREDENTIAL_SECRET",
  "UPSTASH_REDIS_REST_TOKEN",
  "QSTASH_TOKEN",
  "QSTASH_CURRENT_SIGNING_KEY",
  "QSTASH_NEXT_SIGNING_KEY",
];
const LOCATION = "01900000-0000-7000-8000-0000000000b1";
const JOB = "01900000-0000-7000-8000-0000000000c1";
const CHARGERS = ["01900000-0000-7000-8000-0000000000d1", "01900000-0000-7000-8000-0000000000d2"];

const directory = temporaryDirectory();
afterAll(() => directory.remove());

/** Makes a data directory of a stack from before migrations. @returns a key of its organisation */
async function leaveDirectory(): Promise<string> {
  const { key, digest, prefix } = await createApiKeyMaterial("live");
  const database = await openPglite({ dataDir: join(directory.path, "postgres") });
  await database.exec(fixture("first-schema.sql"));
  await database.exec(fixture("first-schema-rows.sql"));
  await database.run({ query: "UPDATE api_keys SET prefix = $1, digest = $2", params: [prefix, digest] });
  await database.close();
  const secrets = Object.fromEntries(SECRETS.map((name) => [name, randomBytes(32).toString("base64url")]));
  const organization = {
    organization: ORGANIZATION,
    organization_slug: "old-fleet",
    api_key: key,
    key_id: KEY,
  };
  writeFileSync(join(directory.path, "secrets.json"), JSON.stringify({ ...secrets, organization }));
  return key;
}

test("a database made before there were migrations starts, migrates and keeps all its data", async () => {
  const apiKey = await leaveDirectory();
  const stack = await startStack({ dataDirectory: directory.path });
  expect(stack).toMatchObject({ organization: ORGANIZATION, organizationSlug: "old-fleet", apiKey });
  const access = { url: stack.url, apiKey };
  const get = async (path: string) => (await call(access, "GET", path)).body;

  expect(await get("/ocpp/chargers")).toMatchObject({
    total: 2,
    data: [
      { id: CHARGERS[0], identity: "OLD-1", location_id: LOCATION, ocpp_version: "OCPP1.6" },
      { id: CHARGERS[1], identity: "OLD-2", location_id: LOCATION },
    ],
  });
  expect(await get(`/ocpp/locations/${LOCATION}/chargers/jobs/${JOB}`)).toMatchObject({
    status: "READY",
    progress: { total: 3, created: 1, failed: 2, pending: 0 },
    results: {
      created: [{ identity: "OLD-1" }],
      failed: [
        { identity: "OLD-2", error: { code: "BOOT_TIMEOUT" } },
        { identity: "OLD-3", charger_id: null, error: { code: "IDENTITY_TAKEN" } },
      ],
    },
  });
  expect(await get(`/api/chargers/${CHARGERS[0]}/settings`)).toMatchObject({
    Revision: 3,
    Settings: { MaxChargeCurrent: { Desired: 16, Outcome: "applied" } },
  });
  expect(await get("/api/v1/chargers/OLD-1")).toMatchObject({
    vendor: "Acme",
    connectors: [{ connectorId: 1, status: "Available" }],
  });

  const sql = openSql(stack.address("sql"));
  const kept = `SELECT (SELECT count(*)::int FROM transactions) AS transactions, (SELECT count(*)::int FROM meter_values) AS readings,
    (SELECT count(*)::int FROM security_events) AS events, (SELECT count(*)::int FROM schema_migrations) AS migrations`;
  expect(await sql(kept, [])).toEqual([
    { transactions: 1, readings: 1, events: 1, migrations: readMigrations().length },
  ]);
  const batch = await postBatch(access, { chargers: 2, locationId: await createLocation(access) });
  expect(await batch.finished()).toMatchObject({ status: "READY", progress: { created: 2 } });
  await stack.stop();
});
