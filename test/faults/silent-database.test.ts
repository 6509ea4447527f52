import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { signToken } from "../../dev/bootstrap/sign-token.ts";
import { DatabaseBeside } from "../harness/database-beside.ts";
import { call, createLocation, postBatch } from "../harness/fleet.ts";
import { newDoor } from "../harness/ocpp-station/door.ts";
import { RawStation } from "../harness/ocpp-station/raw-station.ts";
import { leavesReceipt, startSqlProxy, type SqlProxy } from "../harness/sql-proxy.ts";
import { openSql, type TestSql } from "../harness/sql.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { temporaryDirectory } from "../harness/temporary-directory.ts";
import { waitFor } from "../harness/wait-for.ts";

/** Longer than a request may take while the database is silent, and than keys are used without being looked up. */
const GRACE_SECONDS = 25;
const ANSWER_WITHIN_MS = 12_000;
const COMMAND_WITHIN_MS = 2_000;
const KEPT_LONGER_THAN_MS = 12_000;

let directory: ReturnType<typeof temporaryDirectory>;
let database: DatabaseBeside;
let proxy: SqlProxy;
let stack: RunningStack;
let sql: TestSql;
let authorization: string;
beforeAll(async () => {
  directory = temporaryDirectory();
  database = await DatabaseBeside.start(directory.path);
  proxy = await startSqlProxy(database.url);
  const env = {
    ...database.env,
    NEON_FETCH_ENDPOINT: `${proxy.url}/sql`,
    OUTAGE_GRACE_SECONDS: String(GRACE_SECONDS),
  };
  stack = await startStack({ dataDirectory: directory.path, env });
  sql = openSql(database.url);
  const token = await signToken({
    secret: z
      .object({ JWT_SECRET: z.string() })
      .parse(JSON.parse(readFileSync(join(directory.path, "secrets.json"), "utf8"))).JWT_SECRET,
    issuer: stack.url,
    audience: "busbar",
    role: "owner",
    organization: stack.organization,
    now: new Date(),
  });
  authorization = `Bearer ${token}`;
});
afterAll(async () => {
  await stack?.stop();
  await proxy?.close();
  await database?.stop();
  directory.remove();
});

const ids = z.looseObject({ id: z.string() });
const idOf = ({ body }: { body: unknown }) => ids.parse(body).id;

const template = {
  brand_slug: "generic",
  model_slug: "generic-ac-22kw",
  ocpp_version: "OCPP1.6",
  runtime: "external",
};
const bulk = (prefix: string) => [{ template: { ...template, identity_prefix: prefix }, chargers_number: 3 }];

interface Things {
  locationId: string;
  emptyLocationId: string;
  chargerId: string;
  goneId: string;
  identity: string;
  keyId: string;
}

/** What is changed and deleted later. */
async function furnish(prefix: string): Promise<Things> {
  const locationId = await createLocation(stack);
  const batch = await postBatch(stack, { chargers: 2, locationId, prefix });
  const created = (await batch.finished()).results?.created ?? [];
  const [chargerId = "", goneId = ""] = created.map(({ id }) => id);
  const emptyLocationId = await createLocation(stack);
  const name = { name: `spare of ${prefix}` };
  const key = await call(stack, "POST", "/api/v1/auth/api-keys", name, { authorization });
  const registered = await call(stack, "POST", "/api/v1/chargers", { chargeBoxId: `${prefix}HW` });
  expect([key.status, registered.status]).toEqual([201, 201]);
  return { locationId, emptyLocationId, chargerId, goneId, identity: `${prefix}HW`, keyId: idOf(key) };
}

type Request = [
  title: string,
  status: number,
  ...(Parameters<typeof call> extends [unknown, ...infer R] ? R : never),
];

/** Every kind of request that writes. */
function writes(
  { locationId, emptyLocationId, chargerId, goneId, identity, keyId }: Things,
  prefix: string,
): Request[] {
  const chargers = `/ocpp/locations/${locationId}/chargers`;
  const single = { ...template, location_id: locationId, identity: `${prefix}ONE` };
  return [
    ["bulk", 202, "POST", chargers, bulk(`${prefix}B-`)],
    ["bulk with a key", 202, "POST", chargers, bulk(`${prefix}K-`), { "idempotency-key": `bulk ${prefix}` }],
    ["single create", 202, "POST", "/ocpp/chargers", single],
    ["location", 201, "POST", "/ocpp/locations", { name: `${prefix} new` }],
    ["registration", 201, "POST", "/api/v1/chargers", { chargeBoxId: `${prefix}NEW` }],
    ["API key", 201, "POST", "/api/v1/auth/api-keys", { name: prefix }, { authorization }],
    ["charger update", 200, "PUT", `/ocpp/chargers/${chargerId}`, { charge_point_name: `${prefix} named` }],
    ["charger deletion", 200, "DELETE", `/ocpp/chargers/${goneId}`],
    ["location update", 200, "PUT", `/ocpp/locations/${locationId}`, { name: `${prefix} named` }],
    ["location deletion", 200, "DELETE", `/ocpp/locations/${emptyLocationId}`],
    ["settings", 200, "POST", `/api/chargers/${chargerId}/update`, { maxChargeCurrent: 11 }],
    ["registration state", 200, "PUT", `/api/v1/chargers/${identity}/registration`, { status: "Pending" }],
    ["key revocation", 200, "DELETE", `/api/v1/auth/api-keys/${keyId}`, undefined, { authorization }],
    ["runtime", 202, "POST", `/ocpp/chargers/${chargerId}/stop-charger`, {}],
  ];
}

const TABLES = [
  "organizations",
  "api_keys",
  "locations",
  "jobs",
  "job_rejections",
  "chargers",
  "charger_effects",
  "charger_settings",
  "idempotency_keys",
];
const CONTENT = `SELECT ${TABLES.map(
  (table) =>
    `(SELECT jsonb_agg(r ORDER BY r) FROM (SELECT to_jsonb(x) - 'last_used_at' AS r FROM ${table} x) s) AS ${table}`,
).join(", ")}`;
const content = () => sql(CONTENT, []);

async function timed<T>(work: Promise<T>): Promise<T & { tookMs: number }> {
  const beganAtMs = performance.now();
  return { ...(await work), tookMs: performance.now() - beganAtMs };
}

const clearCache = (identity: string, apiKey = stack.apiKey) =>
  timed(call({ url: stack.url, apiKey }, "POST", `/api/v1/chargers/${identity}/cache/clear`, {}));

async function newKey(name: string): Promise<{ id: string; key: string }> {
  const made = await call(stack, "POST", "/api/v1/auth/api-keys", { name }, { authorization });
  return z.object({ id: z.string(), key: z.string() }).parse(made.body);
}

describe("a database that hangs", () => {
  test("stores nothing of requests answered 503, and does not stop commands to connected chargers", async () => {
    const things = await furnish("HANG-");
    const station = await RawStation.booted(await newDoor(stack, "HANG-LIVE"));
    station.react = () => ({ status: "Accepted" });
    const registered = await call(stack, "GET", "/api/v1/chargers/HANG-LIVE");
    const settings = `/api/chargers/${idOf(registered)}/state`;
    expect((await call(stack, "GET", settings)).status).toBe(200);
    const revoked = await newKey("revoked unseen");
    expect((await clearCache("HANG-LIVE", revoked.key)).status).toBe(200);
    await waitFor("the facts of the boot", async () => {
      const [row] = await sql(
        "SELECT count(*)::int AS n FROM charger_connections WHERE vendor IS NOT NULL",
        [],
      );
      return Number(row?.["n"]) >= 1;
    });
    await sql("UPDATE api_keys SET revoked_at = now() WHERE id = $1", [revoked.id]);
    await proxy.idle();
    const before = await content();
    const frozenAtMs = Date.now();
    database.freeze();
    try {
      const answers = Promise.all(
        writes(things, "LATE-").map(async ([title, , ...request]) => {
          const { status, tookMs, body } = await timed(call(stack, ...request));
          return { title, status, isInTime: tookMs < ANSWER_WITHIN_MS, text: JSON.stringify(body) };
        }),
      );
      const unknown = clearCache("HANG-LIVE", `cap_live_${"a".repeat(stack.apiKey.length - 9)}`);
      let commands = 0;
      while (Date.now() - frozenAtMs < KEPT_LONGER_THAN_MS) {
        const { status, tookMs } = await clearCache("HANG-LIVE");
        expect([status, tookMs < COMMAND_WITHIN_MS]).toEqual([200, true]);
        commands += 1;
      }
      expect(commands).toBeGreaterThan(10);
      expect((await clearCache("HANG-LIVE", revoked.key)).status).toBe(200);
      const shown = await call(stack, "GET", "/api/v1/chargers/HANG-LIVE");
      expect([shown.status, shown.body]).toEqual([200, expect.objectContaining({ isOnline: true })]);
      expect((await call(stack, "GET", settings)).status).toBe(200);
      for (const { title, status, isInTime, text } of await answers) {
        expect([title, status, isInTime]).toEqual([title, 503, true]);
        expect(text).toContain("Service temporarily unavailable");
      }
      expect((await unknown).status).toBe(503);
      expect(stack.log()).toContain("database_away_known_value_used");
      const refused = await waitFor(
        "the end of the grace",
        async () => {
          const answer = await clearCache("HANG-LIVE");
          return answer.status !== 200 && answer;
        },
        (GRACE_SECONDS + 15) * 1000,
      );
      expect(refused.status).toBe(503);
      expect(Date.now() - frozenAtMs).toBeGreaterThan((GRACE_SECONDS - 5) * 1000);
    } finally {
      database.thaw();
    }
    await proxy.idle();
    expect(await content()).toEqual(before);
    expect((await clearCache("HANG-LIVE")).status).toBe(200);
    expect((await clearCache("HANG-LIVE", revoked.key)).status).toBe(401);
    station.socket.close();
  }, 120_000);
});

describe("an answer of the database that is lost after the commit", () => {
  test("is looked up: each request that writes is answered as done, and is done once", async () => {
    const things = await furnish("CUT-");
    const answered: string[] = [];
    for (const [title, status, ...request] of writes(things, "DONE-")) {
      let cuts = 0;
      proxy.treat = (body) => {
        const isWrite = leavesReceipt(body);
        return isWrite && cuts++ === 0 ? "cutAnswer" : "pass";
      };
      const { status: told, body } = await call(stack, ...request);
      proxy.treat = () => "pass";
      expect([title, told, body]).toEqual([title, status, body]);
      expect([title, cuts > 0]).toEqual([title, true]);
      answered.push(JSON.stringify(body));
    }
    const identities = await sql(
      "SELECT identity, count(*)::int AS n FROM chargers WHERE identity LIKE 'DONE-%' GROUP BY 1",
      [],
    );
    expect(identities.map(({ n }) => n)).toEqual(identities.map(() => 1));
    expect(identities).toHaveLength(8);
    const [counts] = await sql(
      `SELECT (SELECT count(*)::int FROM locations WHERE name = 'DONE- new') AS locations,
        (SELECT count(*)::int FROM api_keys WHERE name = 'DONE-') AS keys,
        (SELECT revision FROM charger_settings WHERE charger_id = $1::uuid) AS settings`,
      [things.chargerId],
    );
    expect(counts).toEqual({ locations: 1, keys: 1, settings: 1 });
    const { authorizationKey } = z
      .object({ authorizationKey: z.string() })
      .parse(JSON.parse(answered[4] ?? ""));
    const { connectionUrl } = z.object({ connectionUrl: z.string() }).parse(JSON.parse(answered[4] ?? ""));
    const station = await RawStation.booted({ connectionUrl, identity: "DONE-NEW", authorizationKey });
    station.socket.close();
  }, 120_000);
});
