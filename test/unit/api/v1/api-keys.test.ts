import { describe, expect, it } from "vitest";
import { signSettingsToken } from "../../../../src/api/settings/settings-token.ts";
import { apiKeyDigest } from "../../../../src/fleet/keys/api-key-material.ts";
import { bearer, bodyOf, createWorld, post } from "../access-world.ts";

const PATH = "/api/v1/auth/api-keys";

function create(token: string, body: unknown, headers: Record<string, string> = {}): RequestInit {
  const all = { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers };
  return { method: "POST", headers: all, body: JSON.stringify(body) };
}

describe("managing API keys", () => {
  it("shows a new key once, and the key works with its role", async () => {
    const world = createWorld();
    const token = await world.token();
    const response = await world.request(PATH, create(token, { name: "Production", role: "viewer" }));
    const made = await bodyOf(response);
    expect([response.status, made]).toEqual([
      201,
      {
        id: expect.stringMatching(/^key_[0-9A-HJKMNP-TV-Z]{26}$/),
        name: "Production",
        key: expect.stringMatching(/^cap_live_[0-9A-Za-z]{43}$/),
        prefix: `${made.key.slice(0, 13)}****`,
        role: "viewer",
        createdAt: "2026-02-06T12:00:00.000Z",
      },
    ]);
    const list = await bodyOf(await world.request(PATH, bearer(token)));
    expect(list.apiKeys).toMatchObject([{ id: made.id, prefix: made.prefix }]);
    expect(JSON.stringify(list)).not.toContain(made.key);
    expect((await world.request("/api/v1/chargers", { headers: { "x-api-key": made.key } })).status).toBe(
      200,
    );
    expect((await world.request("/api/v1/chargers", post(made.key, { chargeBoxId: "CP-1" }))).status).toBe(
      403,
    );
    expect(world.logLines.join("\n")).not.toContain(made.key);
  });

  it("ends at once in the isolate that revokes a key", async () => {
    const world = createWorld();
    const token = await world.token();
    const made = await bodyOf(await world.request(PATH, create(token, { name: "Old", environment: "test" })));
    const use = () => world.request("/api/v1/chargers", { headers: { "x-api-key": made.key } });
    expect((await use()).status).toBe(200);
    const revoked = await world.request(`${PATH}/${made.id}`, { method: "DELETE", ...bearer(token) });
    expect([revoked.status, await bodyOf(revoked)]).toEqual([
      200,
      { message: "API key revoked successfully" },
    ]);
    expect((await use()).status).toBe(401);
    const again = await world.request(`${PATH}/${made.id}`, { method: "DELETE", ...bearer(token) });
    expect([again.status, (await bodyOf(again)).error.message]).toEqual([
      404,
      `API key ${made.id} not found`,
    ]);
  });

  it("ends within 10 seconds for a key that another isolate revoked", async () => {
    const world = createWorld();
    const key = await world.apiKey("viewer");
    const use = async () =>
      (await world.request("/api/v1/chargers", { headers: { "x-api-key": key } })).status;
    expect(await use()).toBe(200);
    world.ports.apiKeys.findByDigest = async () => null;
    world.clock.advance(10_000);
    expect(await use()).toBe(401);
  });

  it("is for owners and platform admins with a token", async () => {
    const world = createWorld();
    const status = async (init: RequestInit) => (await world.request(PATH, init)).status;
    const admin = await world.token({ role: "admin", org: undefined });
    const picked = { "x-organization-id": world.other.id };
    expect(await status(bearer(await world.token()))).toBe(200);
    expect(await status(bearer(admin, picked))).toBe(200);
    expect(await status(bearer(admin))).toBe(403);
    for (const role of ["viewer", "operator", "service"])
      expect(await status(bearer(await world.token({ role })))).toBe(403);
    expect(await status(bearer(await world.apiKey("owner")))).toBe(403);
    expect(await status({ headers: { "x-api-key": await world.apiKey("owner") } })).toBe(403);
  });

  it("answers a settings token 403, and 401 once its key is revoked", async () => {
    const world = createWorld();
    const found = await world.ports.apiKeys.findByDigest(await apiKeyDigest(await world.apiKey("owner")));
    if (!found) throw new TypeError("The key is not stored");
    const { key, organization } = found;
    const ofKey = (id: string) =>
      signSettingsToken(world.config, { key: { ...key, id }, organization }, world.clock.now);
    const show = async (token: string) => {
      const response = await world.request(PATH, create(token, { name: "mine" }));
      return [response.status, (await bodyOf(response)).error.code];
    };
    expect(await show(await ofKey(key.id))).toEqual([403, "FORBIDDEN"]);
    expect(await show(await ofKey("key_revoked"))).toEqual([401, "UNAUTHORIZED"]);
    expect(await show(`${await ofKey(key.id)}x`)).toEqual([401, "UNAUTHORIZED"]);
  });

  it.each([
    ["nothing", {}],
    ["another scheme", { authorization: "Basic eDp5" }],
    ["a token that does not hold", { authorization: "Bearer a.b.c" }],
  ])("asks for a Bearer token when shown %s", async (_title, headers) => {
    const response = await createWorld().request(PATH, { headers });
    expect([
      response.status,
      response.headers.get("www-authenticate"),
      (await bodyOf(response)).error,
    ]).toEqual([401, "Bearer", { code: "UNAUTHORIZED", message: "Missing or invalid bearer token" }]);
  });

  it.each([
    [{}, "name"],
    [{ name: "" }, "name"],
    [{ name: "x", role: "admin" }, "role"],
    [{ name: "x", environment: "prod" }, "environment"],
    [{ name: "x", key: "mine" }, "key"],
  ])("refuses %j", async (body, field) => {
    const world = createWorld();
    const response = await world.request(PATH, create(await world.token(), body));
    expect([response.status, (await bodyOf(response)).error.issues[0]?.path]).toEqual([400, [field]]);
  });

  it("answers 404 for another organisation's key", async () => {
    const world = createWorld();
    const mine = await bodyOf(await world.request(PATH, create(await world.token(), { name: "mine" })));
    const foreign = bearer(await world.token({ org: world.other.id }));
    expect((await bodyOf(await world.request(PATH, foreign))).apiKeys).toEqual([]);
    expect((await world.request(`${PATH}/${mine.id}`, { method: "DELETE", ...foreign })).status).toBe(404);
  });
});

describe("the last use of a key", () => {
  it("is written in the background, at most once a minute", async () => {
    const world = createWorld();
    const key = await world.apiKey("viewer");
    const touches: string[] = [];
    world.ports.apiKeys.touch = async (_id, now) => void touches.push(now.toISOString());
    const use = () => world.request("/api/v1/chargers", { headers: { "x-api-key": key } });
    for (let i = 0; i < 5; i++) {
      await use();
      world.clock.advance(20_000);
    }
    await world.settled();
    expect(touches).toEqual(["2026-02-06T12:00:00.000Z", "2026-02-06T12:01:00.000Z"]);
  });

  it("may fail to be written without failing the request", async () => {
    const world = createWorld();
    const key = await world.apiKey("viewer");
    world.ports.apiKeys.touch = () => Promise.reject(new Error("database down"));
    expect((await world.request("/api/v1/chargers", { headers: { "x-api-key": key } })).status).toBe(200);
    await world.settled();
  });
});
