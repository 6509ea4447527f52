import { afterAll, beforeAll, expect, test } from "vitest";
import { apiKeyStore } from "../../../src/store/api-keys.ts";
import { organizationStore } from "../../../src/store/organizations.ts";
import { openDatabase, type Database } from "../../harness/database.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase();
});
afterAll(() => db.close());

const NOW = new Date("2026-01-01T00:00:00Z");
const idOf = (n: number) => `key_${String(n).padStart(26, "0")}`;

async function keyOf(n: number) {
  const { organization } = await db.tenant();
  const keys = apiKeyStore(db.sql);
  const made = { id: idOf(n), name: "k", role: "owner" as const, prefix: "cap_live_abc1****" };
  await keys.insert(organization.id, made, `digest-${n}`, NOW);
  return { organization, keys };
}

test("a revoked key is not found, and only its own organisation can revoke it", async () => {
  const { organization, keys } = await keyOf(1);
  const other = await db.tenant();
  expect(await keys.findByDigest("digest-1")).toMatchObject({
    key: { id: idOf(1) },
    organization: { id: organization.id },
  });
  expect(await keys.revoke(other.organization.id, idOf(1), NOW)).toBe(false);
  expect(await keys.revoke(organization.id, idOf(1), NOW)).toBe(true);
  expect(await keys.findByDigest("digest-1")).toBeNull();
  expect(await keys.list(organization.id)).toEqual([]);
});

test("an id that cannot exist is refused before it reaches the database", async () => {
  const { organization, keys } = await keyOf(2);
  for (const id of ["\u0000", "key_", "", `${idOf(2)}'`])
    expect(await keys.revoke(organization.id, id, NOW)).toBe(false);
});

test("the organisation of a key has the host lists for its chargers", async () => {
  const { organization, keys } = await keyOf(3);
  const organizations = organizationStore(db.sql);
  const hosts = async () => {
    const byKey = (await keys.findByDigest("digest-3"))?.organization;
    const byId = await organizations.get(organization.id);
    return [byKey?.transferHosts, byKey?.wsUrlHosts, byId?.transferHosts, byId?.wsUrlHosts];
  };
  expect(await hosts()).toEqual([null, null, null, null]);
  for (const listed of [["files.example.com", "*.cdn.example.com"], []]) {
    await db.sql(
      "UPDATE organizations SET transfer_hosts = $2::text[], ws_url_hosts = $2::text[] WHERE id = $1::uuid",
      [organization.id, `{${listed.join(",")}}`],
    );
    expect(await hosts()).toEqual([listed, listed, listed, listed]);
  }
});
