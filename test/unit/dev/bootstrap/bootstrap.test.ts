import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureOrganization } from "../../../../dev/bootstrap/bootstrap.ts";
import { databaseAddress } from "../../../../dev/bootstrap/query-database.ts";
import { signToken } from "../../../../dev/bootstrap/sign-token.ts";
import { verifyToken } from "../../../../src/api/http/jwt.ts";
import { apiKeyDigest } from "../../../../src/fleet/keys/api-key-material.ts";
import { systemIds } from "../../../../src/fleet/ids.ts";
import { apiKeyStore } from "../../../../src/store/api-keys.ts";
import { BASE_URL, createWorld, JWT_SECRET } from "../../api/access-world.ts";
import { openDatabase } from "../../../harness/database.ts";
import type { Database } from "../../../harness/database.ts";

let database: Database;

beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());

const ensure = (slug: string, name = "Acme") =>
  ensureOrganization({ query: database.sql, name, slug, role: "owner", now: new Date() });

const newSlug = () => `boot-${systemIds.hex(6)}`;

describe("a first key", () => {
  it("belongs to a new organisation and logs in", async () => {
    const slug = newSlug();
    const made = await ensure(slug);
    const found = await apiKeyStore(database.sql).findByDigest(await apiKeyDigest(made.api_key));
    expect(found).toMatchObject({
      key: { id: made.key_id, role: "owner" },
      organization: { id: made.organization, slug, name: "Acme" },
    });
  });

  it("is added to the organisation that has the slug already, whose name stays", async () => {
    const slug = newSlug();
    const [first, second] = [await ensure(slug), await ensure(slug, "Another name")];
    expect(second.organization).toBe(first.organization);
    expect(second.api_key).not.toBe(first.api_key);
    const [row] = await database.sql("SELECT name FROM organizations WHERE slug = $1", [slug]);
    expect(row).toEqual({ name: "Acme" });
  });

  it("creates an organisation that accepts unknown id tags only when asked to", async () => {
    const request = { query: database.sql, name: "Acme", role: "owner", now: new Date() } as const;
    const accepts = async (more: { acceptsUnknownTags?: boolean }) => {
      const { organization } = await ensureOrganization({ ...request, slug: newSlug(), ...more });
      const text = "SELECT accept_unknown_id_tags AS accepts FROM organizations WHERE id = $1::uuid";
      return (await database.sql(text, [organization]))[0]?.["accepts"];
    };
    expect([await accepts({}), await accepts({ acceptsUnknownTags: true })]).toEqual([false, true]);
  });

  it("is created for each of many concurrent requests", async () => {
    const slug = newSlug();
    const made = await Promise.all(Array.from({ length: 5 }, () => ensure(slug)));
    expect(new Set(made.map(({ organization }) => organization)).size).toBe(1);
    expect(new Set(made.map(({ api_key }) => api_key)).size).toBe(5);
  });

  it("is never stored", async () => {
    const { api_key: key } = await ensure(newSlug());
    const rows = await database.sql("SELECT to_jsonb(k)::text AS row FROM api_keys k", []);
    expect(JSON.stringify(rows)).not.toContain(key);
  });

  it.each(["chargers", "Acme", ""])("is refused for the slug %o", async (slug) => {
    await expect(ensure(slug)).rejects.toThrow("slug");
  });
});

describe("the database of a command", () => {
  it("is DATABASE_URL unless a data directory is named", () => {
    const env = { DATABASE_URL: "postgresql://u:p@db/x", NEON_FETCH_ENDPOINT: "http://127.0.0.1:1/sql" };
    expect(databaseAddress(env, undefined)).toEqual({
      url: env.DATABASE_URL,
      fetchEndpoint: env.NEON_FETCH_ENDPOINT,
    });
    expect(() => databaseAddress(env, "/nowhere")).toThrow("No stack runs on /nowhere");
  });
});

describe("a development token", () => {
  it.each(["owner", "admin"] as const)(
    "of role %s is one the application accepts for an hour",
    async (role) => {
      const now = new Date("2026-02-06T12:00:00.000Z");
      const organization = role === "admin" ? null : systemIds.uuid();
      const token = await signToken({
        secret: JWT_SECRET,
        issuer: BASE_URL,
        audience: "busbar",
        role,
        organization,
        now,
      });
      const { config } = createWorld();
      const claims = await verifyToken(token, config, new Date(now.getTime() + 3_599_000));
      expect(claims).toMatchObject({
        role,
        organizationId: organization,
        hasOrganization: organization !== null,
      });
      await expect(verifyToken(token, config, new Date(now.getTime() + 3_610_000))).rejects.toThrow();
    },
  );
});
