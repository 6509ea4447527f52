import { decodeJwt, SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { Unavailable } from "../../../../src/errors.ts";
import { BASE_URL, bearer, type createWorld, tokenAt } from "../access-world.ts";
import { ID, surface, UPDATE } from "./surface.ts";

const SECRET = "settings-secret-of-more-than-thirty-two-bytes";

const wordsOf = async (response: Response) => [response.status, await response.json()];
const refusal = (code: number, details: string) => ({ Code: code, Details: details, StackTrace: null });

describe("an update", () => {
  it("is stored, answered 200 without a body, and its run is published under the new revision", async () => {
    const { world, send, merged, published } = surface();
    const body = {
      maxChargeCurrent: 16,
      maxChargePhases: 3,
      minChargeCurrent: 6,
      offlineChargeCurrent: -1,
      offlineChargePhase: 7,
      meterValueInterval: 900,
    };
    const response = await send(body);
    expect([response.status, await response.text(), response.headers.get("content-length")]).toEqual([
      200,
      "",
      "0",
    ]);
    expect(merged).toEqual([{ organizationId: world.organization.id, chargerId: ID, changes: body }]);
    expect(published).toEqual([{ chargerId: ID, revision: 7, generation: null, attempt: 0 }]);
  });

  it.each([
    "application/json",
    "application/json-patch+json",
    "text/json",
    "application/x+json; charset=utf-8",
  ])("is read as %s, whatever the casing of its names", async (type) => {
    const { send, merged } = surface();
    expect(
      (await send({ MaxChargeCurrent: 20.5, METERVALUEINTERVAL: 3.0, x: "y" }, { "content-type": type }))
        .status,
    ).toBe(200);
    expect(merged).toMatchObject([{ changes: { maxChargeCurrent: 20.5, meterValueInterval: 3 } }]);
  });

  it.each<[unknown, string]>([
    [{ maxChargeCurrent: 32.1 }, "maxChargeCurrent must be between 0 and 32"],
    [{ maxChargeCurrent: -0.1 }, "maxChargeCurrent must be between 0 and 32"],
    [{ maxChargeCurrent: "16" }, "maxChargeCurrent must be between 0 and 32"],
    [{ minChargeCurrent: true }, "minChargeCurrent must be between 0 and 32"],
    [{ maxChargePhases: 2 }, "maxChargePhases must be one of 1, 3"],
    [{ maxChargePhases: 1.5 }, "maxChargePhases must be one of 1, 3"],
    [{ offlineChargeCurrent: -0.5 }, "offlineChargeCurrent must be -1 or between 0 and 32"],
    [{ offlineChargeCurrent: -2 }, "offlineChargeCurrent must be -1 or between 0 and 32"],
    [{ offlineChargePhase: 3 }, "offlineChargePhase must be one of 0, 1, 2, 4, 7"],
    [
      { meterValueInterval: -1 },
      "meterValueInterval must be a whole number of seconds between 0 and 2147483647",
    ],
    [
      { meterValueInterval: 2147483648 },
      "meterValueInterval must be a whole number of seconds between 0 and 2147483647",
    ],
    [
      { meterValueInterval: [1] },
      "meterValueInterval must be a whole number of seconds between 0 and 2147483647",
    ],
    ['{"maxChargeCurrent":1e999}', "maxChargeCurrent must be between 0 and 32"],
    [{ maxChargeCurrent: 10, MaxChargeCurrent: 11 }, "maxChargeCurrent is given twice with different values"],
    [
      { maxChargeCurrent: 40, offlineChargePhase: 3 },
      "maxChargeCurrent must be between 0 and 32; offlineChargePhase must be one of 0, 1, 2, 4, 7",
    ],
    [[], "The body must be a JSON object"],
    ["5", "The body must be a JSON object"],
    ["{", "The body is not JSON"],
  ])("of %j is refused whole: %s", async (body, details) => {
    const { send, merged } = surface();
    expect(await wordsOf(await send(body))).toEqual([400, refusal(529, details)]);
    expect(merged).toEqual([]);
  });

  it("takes the same value twice, and null for no change", async () => {
    const { send, merged } = surface();
    const body = {
      maxChargeCurrent: 16,
      MAXCHARGECURRENT: 16,
      offlineChargeCurrent: null,
      meterValueInterval: null,
    };
    expect((await send(body)).status).toBe(200);
    expect(merged).toMatchObject([{ changes: { maxChargeCurrent: 16 } }]);
  });

  it("of nothing stores nothing, and still knows which chargers there are", async () => {
    const { world, send, merged } = surface();
    world.ports.chargers.get = async (_, id) => (id === ID ? ({ id } as never) : null);
    expect([(await send({})).status, (await send("")).status]).toEqual([200, 200]);
    const unknown = await send(
      { maxChargeCurrent: null },
      {},
      `/api/chargers/${world.organization.id}/update`,
    );
    expect(unknown.status).toBe(404);
    expect(merged).toEqual([]);
  });

  it("names its own refusals: charger, fuse, path, media type, size, database", async () => {
    const body = { maxChargeCurrent: 16 };
    expect(await wordsOf(await surface({ kind: "unknown" }).send(body))).toEqual([
      404,
      refusal(512, `Charger ${ID} not found`),
    ]);
    expect(await wordsOf(await surface({ kind: "fuseLimit" }).send(body))).toMatchObject([
      400,
      { Code: 539 },
    ]);
    const { world, send } = surface();
    expect(await wordsOf(await send(body, {}, "/api/chargers/x/update"))).toEqual([
      400,
      refusal(529, "id must be a UUID"),
    ]);
    expect(await wordsOf(await send(body, { "content-type": "text/plain" }))).toMatchObject([
      415,
      { Code: 529 },
    ]);
    expect(await wordsOf(await send(`{"x":"${"y".repeat(1024 * 1024)}"}`))).toMatchObject([
      413,
      { Code: 529 },
    ]);
    world.ports.settings.merge = async () => {
      throw new Unavailable("down");
    };
    const down = await send(body);
    expect([down.headers.get("retry-after"), ...(await wordsOf(down))]).toMatchObject([
      "5",
      503,
      { Code: 500 },
    ]);
  });
});

describe("who may update", () => {
  it.each([
    ["viewer", 403],
    ["operator", 403],
    ["service", 404],
    ["owner", 404],
  ] as const)("an API key of role %s gets %i", async (role, status) => {
    const { world } = surface();
    const init = bearer(await world.apiKey(role));
    for (const path of ["", "/state", "/settings"])
      expect((await world.request(`/api/chargers/${ID}${path}`, init)).status).toBe(status);
    world.ports.chargers.get = async () => null;
    expect((await world.request(UPDATE, { method: "POST", ...init })).status).toBe(status);
  });

  it("a platform admin names the organisation, and nobody else does", async () => {
    const { world } = surface();
    const path = `/api/chargers/${ID}/settings`;
    const admin = await world.token({ org: undefined, role: "admin" });
    const picked = { "x-organization-id": world.organization.id };
    expect((await world.request(path, bearer(admin))).status).toBe(403);
    expect((await world.request(path, bearer(admin, picked))).status).toBe(404);
    expect((await world.request(path, bearer(await world.token(), picked))).status).toBe(403);
  });

  it("nobody without a Bearer credential: an API key header, a wrong audience, no algorithm, an expired token", async () => {
    const { world } = surface();
    const claims = { sub: "key_1", iss: BASE_URL, org: world.organization.id, roles: 2 };
    const seconds = Math.floor(world.clock.now.getTime() / 1000);
    const signed = (aud: string, exp: number, secret = SECRET) =>
      new SignJWT({ ...claims, aud, exp })
        .setProtectedHeader({ alg: "HS256" })
        .sign(new TextEncoder().encode(secret));
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const unsigned = `${part({ alg: "none" })}.${part({ ...claims, aud: "busbar-settings", exp: seconds + 60 })}.`;
    const headers: Record<string, string>[] = [
      {},
      { "x-api-key": await world.apiKey("owner") },
      { authorization: `Bearer ${await signed("busbar", seconds + 60)}` },
      { authorization: `Bearer ${await signed("busbar-settings", seconds - 60)}` },
      { authorization: `Bearer ${await signed("busbar-settings", seconds + 60, `${SECRET}x`)}` },
      { authorization: `Bearer ${await signed("busbar-settings", seconds + 60)}` },
      { authorization: `Bearer ${unsigned}` },
      { authorization: `Bearer ${await tokenAt(new Date(0), { role: "owner" })}` },
    ];
    for (const shown of headers) {
      const response = await world.request(UPDATE, { method: "POST", headers: shown });
      expect([response.headers.get("www-authenticate"), ...(await wordsOf(response))]).toMatchObject([
        'Bearer error="invalid_token"',
        401,
        { Code: 533, StackTrace: null },
      ]);
    }
  });

  it("the 16th request of an instant is refused, and a tenth of a second later one is let through", async () => {
    const { world, send } = surface();
    const statuses = [];
    for (let count = 0; count < 16; count += 1) statuses.push((await send({ maxChargeCurrent: 16 })).status);
    expect(statuses).toEqual([...Array.from({ length: 15 }, () => 200), 429]);
    const refused = await send({});
    expect([refused.headers.get("retry-after"), ...(await wordsOf(refused))]).toEqual([
      "1",
      429,
      refusal(500, "Too many requests"),
    ]);
    world.clock.advance(100);
    expect((await send({ maxChargeCurrent: 16 })).status).toBe(200);
  });
});

describe("the token endpoint", () => {
  const ask = (
    world: ReturnType<typeof createWorld>,
    fields: Record<string, string> | string,
    type?: string,
  ) =>
    world.request("/oauth/token", {
      method: "POST",
      headers: { "content-type": type ?? "application/x-www-form-urlencoded" },
      body: new URLSearchParams(fields).toString(),
    });
  const grant = (username: string, password: string) => ({ grant_type: "password", username, password });

  it("gives a token for a key and its prefix, which works on this surface alone and dies with its key", async () => {
    const { world } = surface();
    const key = await world.apiKey("service");
    for (const username of [key.slice(0, 13), `${key.slice(0, 13)}****`]) {
      const response = await ask(world, { ...grant(username, key), scope: "offline_access" });
      expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-store"]);
      const body = (await response.json()) as { access_token: string };
      expect(body).toEqual({
        access_token: expect.any(String),
        token_type: "Bearer",
        expires_in: 3600,
        scope: "read write",
      });
      const token = body.access_token;
      expect(decodeJwt(token)).toMatchObject({ aud: "busbar-settings", iss: BASE_URL, roles: 4 });
      const path = `/api/chargers/${ID}/settings`;
      expect((await world.request(path, bearer(token))).status).toBe(404);
      expect((await world.request("/ocpp/locations", bearer(token))).status).toBe(401);
      const subject = String(decodeJwt(token).sub);
      if (username.endsWith("*")) {
        await world.ports.apiKeys.revoke(world.organization.id, subject, world.clock.now);
        world.clock.advance(10_001);
        expect((await world.request(path, bearer(token))).status).toBe(401);
      }
    }
  });

  it("refuses with the error codes of OAuth and the same words for an unknown user and a wrong password", async () => {
    const { world } = surface();
    const key = await world.apiKey("owner");
    const wrong = { error: "invalid_grant", error_description: "Invalid username or password" };
    expect(await wordsOf(await ask(world, grant("key_nobody", key)))).toEqual([400, wrong]);
    expect(await wordsOf(await ask(world, grant(key.slice(0, 13), `${key.slice(0, -1)}_`)))).toEqual([
      400,
      wrong,
    ]);
    expect(await wordsOf(await ask(world, { grant_type: "client_credentials" }))).toMatchObject([
      400,
      { error: "unsupported_grant_type" },
    ]);
    expect(await wordsOf(await ask(world, { grant_type: "password" }))).toMatchObject([
      400,
      { error: "invalid_request" },
    ]);
    expect(await wordsOf(await ask(world, grant("a", "b"), "application/json"))).toMatchObject([
      400,
      { error: "invalid_request" },
    ]);
  });

  it("answers the 11th wrong guess of a minute with 429, with the counter store down too", async () => {
    const { world } = surface();
    world.ports.rateCounter.add = async () => null;
    const key = await world.apiKey("owner");
    const statuses = [];
    for (let guess = 0; guess < 11; guess += 1)
      statuses.push((await ask(world, grant(key.slice(0, 13), `guess ${guess}`))).status);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 400), 429]);
    const refused = await ask(world, grant(key.slice(0, 13), "another guess"));
    expect([refused.status, Number(refused.headers.get("retry-after")) > 0]).toEqual([429, true]);
    world.clock.advance(60_000);
    expect((await ask(world, grant("key_1", "late guess"))).status).toBe(400);
  });

  it("lets the right password in however often others guessed, from the same address too", async () => {
    const { world } = surface();
    const key = await world.apiKey("owner");
    for (let guess = 0; guess < 30; guess += 1) await ask(world, grant(key.slice(0, 13), `guess ${guess}`));
    expect((await ask(world, grant(key.slice(0, 13), key))).status).toBe(200);
    expect((await ask(world, grant(key.slice(0, 13), "guess"))).status).toBe(429);
  });

  it("counts the guesses of an IPv6 network of 64 bits together", async () => {
    const { world } = surface();
    const from = async (address: string) => {
      const headers = { "content-type": "application/x-www-form-urlencoded", "cf-connecting-ip": address };
      const body = new URLSearchParams(grant("key_1", "guess"));
      return (await world.request("/oauth/token", { method: "POST", headers, body })).status;
    };
    for (let guess = 0; guess < 10; guess += 1) expect(await from(`2001:db8:1:1::${guess}`)).toBe(400);
    expect(await from("2001:db8:1:1:ffff::1")).toBe(429);
    expect(await from("2001:db8:1:2::1")).toBe(400);
  });

  it.each(["", "/"])("is found by discovery (%j), under an issuer that ends with a slash", async (end) => {
    const { world } = surface();
    expect(await wordsOf(await world.request(`/.well-known/openid-configuration${end}`))).toEqual([
      200,
      {
        issuer: `${BASE_URL}/`,
        token_endpoint: `${BASE_URL}/oauth/token`,
        grant_types_supported: ["password"],
      },
    ]);
  });
});
