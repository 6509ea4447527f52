import { describe, expect, it } from "vitest";
import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../../../../src/api/http/context.ts";
import { requireRole } from "../../../../src/api/http/require-role.ts";
import { gatewayError } from "../../../../src/api/gateway/errors.ts";
import { bearer, createWorld } from "../access-world.ts";
import type { World } from "../access-world.ts";

/** One tenant route for readers, one for operators and the catalog, over the world's ports. */
function gateway(world: World) {
  const app = new OpenAPIHono<AppEnv>();
  app.onError(gatewayError);
  app.use(async (c, next) => {
    c.set("ports", world.ports);
    c.set("config", world.config);
    c.set("background", (work) => void work);
    await next();
  });
  app.get("/read", requireRole("viewer", { tenant: true }), (c) => c.text(c.get("organization").slug));
  app.get("/write", requireRole("operator", { tenant: true }), (c) => c.text(c.get("organization").slug));
  app.get("/catalog", requireRole("viewer", { tenant: false }), (c) => c.text("catalog"));
  return async (path: string, init: RequestInit) => {
    const response = await app.request(path, init);
    return `${response.status} ${await response.text()}`;
  };
}

const ROLE = '403 {"detail":"Insufficient permissions or missing required claims"}';
const NOT_ALLOWED = '403 {"detail":"X-Organization-Id is not allowed for this token"}';
const REQUIRED = '403 {"detail":"X-Organization-Id is required for this token"}';
const UNKNOWN = '403 {"detail":"Unknown organization"}';

type Case = [
  title: string,
  claims: (world: World) => Record<string, unknown>,
  header: (world: World) => string | undefined,
  tenant: string,
];

const none = () => undefined;

const MATRIX: Case[] = [
  ["a user acts in its own organisation", () => ({}), none, "200 acme"],
  ["a user may not name its own organisation", () => ({}), (world) => world.organization.id, NOT_ALLOWED],
  ["a user may not name another organisation", () => ({}), (world) => world.other.id, NOT_ALLOWED],
  ["a user may not send an empty organisation", () => ({}), () => "", NOT_ALLOWED],
  ["a user without organisation has no tenant", () => ({ org: undefined }), none, ROLE],
  [
    "a user without organisation may pick none",
    () => ({ org: undefined }),
    (world) => world.organization.id,
    ROLE,
  ],
  ["a user of an unknown organisation has no tenant", () => ({ org: crypto.randomUUID() }), none, ROLE],
  ["a user with a malformed organisation has no tenant", () => ({ org: "acme" }), none, ROLE],
  ["a user with an unknown role has no tenant", () => ({ role: "root" }), none, ROLE],
  ["a user without a role has no tenant", () => ({ role: undefined }), none, ROLE],
  ["an admin of one organisation is no platform admin", () => ({ role: "admin" }), none, ROLE],
  ["a platform admin must pick", () => ({ org: undefined, role: "admin" }), none, REQUIRED],
  [
    "a platform admin picks any organisation",
    () => ({ org: undefined, role: "admin" }),
    (world) => world.other.id,
    "200 globex",
  ],
  [
    "a platform admin cannot pick a malformed id",
    () => ({ org: undefined, role: "admin" }),
    () => "acme",
    UNKNOWN,
  ],
  [
    "a platform admin cannot pick an unknown one",
    () => ({ org: undefined, role: "admin" }),
    () => crypto.randomUUID(),
    UNKNOWN,
  ],
];

describe("who acts in which organisation", () => {
  it.each(MATRIX)("%s", async (_title, claims, header, tenant) => {
    const world = createWorld();
    const request = gateway(world);
    const picked = header(world);
    const headers: Record<string, string> = picked === undefined ? {} : { "x-organization-id": picked };
    const init = bearer(await world.token(claims(world)), headers);
    expect(await request("/read", init)).toBe(tenant);
    expect(await request("/catalog", init)).toBe("200 catalog");
  });

  it.each(["viewer", "operator", "service", "owner"] as const)(
    "an API key and a token of role %s have the same rights",
    async (role) => {
      const world = createWorld();
      const request = gateway(world);
      const expected = role === "viewer" ? ROLE : "200 acme";
      for (const credential of [await world.apiKey(role), await world.token({ role })]) {
        expect(await request("/read", bearer(credential))).toBe("200 acme");
        expect(await request("/write", bearer(credential))).toBe(expected);
      }
    },
  );
});

describe("credentials that do not hold", () => {
  const DENIED = '401 {"detail":"Missing or invalid bearer token"}';

  it.each([
    ["no header", () => ({})],
    ["another scheme", (key: string) => ({ authorization: `Basic ${btoa(`x:${key}`)}` })],
    ["a key in X-API-Key", (key: string) => ({ "x-api-key": key })],
    [
      "a key with a wrong last character",
      (key: string) => ({ authorization: `Bearer ${key.slice(0, -1)}_` }),
    ],
    ["a key with something appended", (key: string) => ({ authorization: `Bearer ${key}0` })],
    ["an unknown key", () => ({ authorization: `Bearer cap_live_${"a".repeat(43)}` })],
    ["an empty bearer", () => ({ authorization: "Bearer " })],
    ["two tokens", (key: string) => ({ authorization: `Bearer ${key} ${key}` })],
  ])("refuses %s", async (_title, headers) => {
    const world = createWorld();
    const key = await world.apiKey("owner");
    expect(await gateway(world)("/read", { headers: headers(key) })).toBe(DENIED);
  });

  it("ignores credentials in the query string", async () => {
    const world = createWorld();
    const key = await world.apiKey("owner");
    expect(await gateway(world)(`/read?access_token=${key}&api_key=${key}`, {})).toBe(DENIED);
  });

  it("answers 429 once an address has failed too often, and lets keys it knows pass", async () => {
    const world = createWorld({ AUTH_FAILURE_LIMIT: "3" });
    const request = gateway(world);
    const known = await world.apiKey("owner");
    expect(await request("/read", bearer(known))).toBe("200 acme");
    const guess = () => request("/read", bearer(`cap_live_${"b".repeat(43)}`));
    expect([await guess(), await guess(), await guess()]).toEqual([DENIED, DENIED, DENIED]);
    const lookUps = world.lookUps.length;
    expect(await request("/read", bearer(`cap_live_${"c".repeat(43)}`))).toBe(
      '429 {"detail":"Rate limit exceeded"}',
    );
    expect(world.lookUps.length).toBe(lookUps);
    expect(await request("/read", bearer(known))).toBe("200 acme");
    expect(await request("/read", bearer(await world.token()))).toBe("200 acme");
    const elsewhere = bearer(`cap_live_${"c".repeat(43)}`, { "cf-connecting-ip": "192.0.2.7" });
    expect(await request("/read", elsewhere)).toBe(DENIED);
    world.clock.advance(60_000);
    expect(await guess()).toBe(DENIED);
  });

  it("counts the failures of an IPv6 network of 64 bits together", async () => {
    const world = createWorld({ AUTH_FAILURE_LIMIT: "3" });
    const guess = (address: string) =>
      gateway(world)("/read", bearer(`cap_live_${"b".repeat(43)}`, { "cf-connecting-ip": address }));
    for (const host of [1, 2, 3]) expect(await guess(`2001:db8:1:1::${host}`)).toBe(DENIED);
    expect(await guess("2001:db8:1:1:ffff::4")).toBe('429 {"detail":"Rate limit exceeded"}');
    expect(await guess("2001:db8:1:2::1")).toBe(DENIED);
  });

  it("counts failures alone when the shared counter cannot be reached", async () => {
    const world = createWorld({ AUTH_FAILURE_LIMIT: "2" }, { rateCounter: { add: async () => null } });
    const request = gateway(world);
    expect([await request("/read", {}), await request("/read", {})]).toEqual([DENIED, DENIED]);
    expect(await request("/read", {})).toBe('429 {"detail":"Rate limit exceeded"}');
  });
});
