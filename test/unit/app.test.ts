import { describe, expect, it } from "vitest";
import { createApp } from "../../src/app.ts";
import { Misconfigured } from "../../src/env.ts";
import { bearer, createWorld } from "./api/access-world.ts";

describe("requests that no surface serves", () => {
  it.each<[string, number, unknown]>([
    ["/nope", 404, { detail: "Not Found" }],
    ["/v0", 404, { detail: "Not Found" }],
    ["/ocpp/nope", 404, { detail: "Not Found" }],
    ["/ocpp/templates/x", 404, { detail: "Not Found" }],
    ["/ocpp/acme/CP-1", 426, { detail: "Upgrade Required" }],
    ["/api/nope", 404, { Code: 512, Details: "Not Found", StackTrace: null }],
  ])("%s is answered %i in the words of its surface", async (path, status, body) => {
    const response = await createWorld().request(path);
    expect([response.status, await response.json()]).toEqual([status, body]);
  });

  it.each(["TRACE", "PROPFIND", "DELETE"])(
    "%s gets 405 with the allowed methods, before the credential is checked",
    async (method) => {
      // Node's Request refuses TRACE; the application only reads its name.
      const request = new Request("https://busbar.test/ocpp/locations");
      Object.defineProperty(request, "method", { value: method });
      const world = createWorld();
      const app = createApp({ services: () => world, writeLog: () => undefined });
      const response = await app.fetch(request);
      expect([response.status, await response.json()]).toEqual([405, { detail: "Method Not Allowed" }]);
      expect(response.headers.get("allow")?.split(", ").toSorted()).toEqual(["GET", "HEAD", "POST"]);
    },
  );

  it("method override headers are ignored", async () => {
    const world = createWorld();
    const headers = { "x-http-method-override": "DELETE", "x-api-key": await world.apiKey("viewer") };
    expect((await world.request("/api/v1/chargers", { headers })).status).toBe(200);
  });
});

describe("every response of the application", () => {
  it("has a request id and security headers, and gives no foreign origin permission", async () => {
    const init = {
      method: "OPTIONS",
      headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
    };
    for (const response of [
      await createWorld().request("/ocpp/locations", init),
      await createWorld().request("/nope"),
    ]) {
      expect(response.headers.get("access-control-allow-origin")).toBe(null);
      expect(response.headers.get("access-control-allow-credentials")).toBe(null);
      expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect(response.headers.get("strict-transport-security")).toContain("max-age=");
    }
  });

  it("asks for no TLS in development", async () => {
    const response = await createWorld({ BUSBAR_ENV: "development" }).request("/ocpp/locations");
    expect(response.headers.get("strict-transport-security")).toBe(null);
  });

  it("has the rate limit headers of its organisation on the gateway, errors included", async () => {
    const world = createWorld();
    const token = await world.token();
    const known = await world.request("/ocpp/locations?limit=0", bearer(token));
    expect([
      known.status,
      known.headers.get("ratelimit-limit"),
      known.headers.get("ratelimit-remaining"),
    ]).toEqual([422, "600", "599"]);
    const forbidden = await world.request(
      "/ocpp/locations",
      bearer(token, { "x-organization-id": world.other.id }),
    );
    expect([forbidden.status, forbidden.headers.get("ratelimit-limit")]).toEqual([403, "600"]);
    const unknown = await world.request("/ocpp/locations");
    expect([
      unknown.status,
      unknown.headers.get("ratelimit-limit"),
      unknown.headers.get("www-authenticate"),
    ]).toEqual([401, "20", "Bearer"]);
  });

  it("is logged in one line without query, headers or body", async () => {
    const world = createWorld();
    const key = await world.apiKey("viewer");
    await world.request("/api/v1/chargers?secret=hunter2", {
      headers: { "x-api-key": key, "x-request-id": "r-1" },
    });
    await expect.poll(() => world.logLines).toHaveLength(1);
    expect(JSON.parse(world.logLines[0] ?? "")).toMatchObject({
      level: "info",
      event: "request",
      requestId: "r-1",
      method: "GET",
      path: "/api/v1/chargers",
      status: 200,
      organization: "acme",
    });
    expect(world.logLines.join("")).not.toMatch(/hunter2|cap_(live|test)_[0-9A-Za-z]{43}/);
  });

  it.each([
    "/api/v1/auth/api-keys/cap_live_0123456789abcdefghijABCDEFGHIJ0123456789abc",
    "/ocpp/acme/CP-1/6f1e0c9a4b7d2e8835c1f0a96b7d4e2c91a8f35b",
    "/ocpp/chargers/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl",
    "/api/v1/chargers/hT5kQz81xLw0PpR7vB2nYc4d/reset",
  ])("is written down without the key in the path %s", async (path) => {
    const world = createWorld();
    await world.request(path);
    await expect.poll(() => world.logLines).toHaveLength(1);
    const logged = JSON.parse(world.logLines[0] ?? "") as { path: string };
    expect(logged.path).toContain("***");
    expect(logged.path).not.toMatch(/0123456789|6f1e0c9a|eyJ|hT5kQz/);
  });
});

describe("a deployment with an incomplete configuration", () => {
  const app = createApp({
    services: () => {
      throw new Misconfigured(["JWT_SECRET: needs at least 32 bytes"]);
    },
    writeLog: () => undefined,
  });

  it("answers every surface with 503 and does not tell the reason", async () => {
    for (const [path, body] of [
      ["/ocpp/locations", { detail: "Service temporarily unavailable" }],
      ["/api/chargers/x", { Code: 500, Details: "Service temporarily unavailable", StackTrace: null }],
    ] as const) {
      const response = await app.request(path);
      expect([response.status, await response.json()]).toEqual([503, body]);
      expect(response.headers.get("retry-after")).not.toBe(null);
    }
    const response = await app.request("/api/v1/chargers");
    expect([response.status, JSON.stringify(await response.json())]).toEqual([
      503,
      expect.not.stringContaining("JWT"),
    ]);
  });

  it("is alive and not ready", async () => {
    expect((await app.request("/healthz")).status).toBe(200);
    const response = await app.request("/readyz");
    expect([response.status, await response.json()]).toEqual([
      503,
      { status: "unavailable", misconfigured: ["JWT_SECRET: needs at least 32 bytes"], dependencies: {} },
    ]);
  });
});

describe("readiness", () => {
  const hosted = (status: string) => ({ status, implementation: "hosted" });

  it("shows each dependency and which implementation is wired", async () => {
    const variables = {
      NEON_FETCH_ENDPOINT: "http://127.0.0.1:5/sql",
      UPSTASH_REDIS_REST_URL: "http://127.0.0.1:6",
    };
    const response = await createWorld(variables).request("/readyz");
    expect([response.status, await response.json()]).toEqual([
      200,
      {
        status: "ready",
        misconfigured: [],
        dependencies: {
          database: { status: "ok", implementation: "embedded" },
          redis: { status: "ok", implementation: "embedded" },
          engine: hosted("ok"),
        },
      },
    ]);
  });

  it("answers 503 while a dependency is unreachable, and shows no address", async () => {
    const probe = async () => ({ database: "unreachable", redis: "ok", engine: "ok" }) as const;
    const response = await createWorld({}, { probe }).request("/readyz");
    const text = await response.text();
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(JSON.parse(text).dependencies.database).toEqual(hosted("unreachable"));
    expect(text).not.toMatch(/db\.test|redis\.test|qstash\.test|sig_|token/);
  });

  it.each([
    ["a signing key is missing", { QSTASH_NEXT_SIGNING_KEY: "" }, "QSTASH_NEXT_SIGNING_KEY"],
    ["the development switch is on", { QSTASH_DEV: "true" }, "QSTASH_DEV"],
    ["a region picks other keys", { QSTASH_REGION: "eu-central-1" }, "QSTASH_REGION"],
  ])("is red when %s", async (_title, variables, name) => {
    const response = await createWorld(variables).request("/readyz");
    expect([response.status, await response.json()]).toMatchObject([503, { misconfigured: [name] }]);
  });
});

describe("the API's description", () => {
  it("describes every route of both surfaces once", async () => {
    const document = await (await createWorld().request("/openapi.json")).json();
    expect(document).toMatchObject({ openapi: "3.1.0", info: { title: "Busbar" } });
    const { paths } = document as { paths: Record<string, Record<string, { operationId: string }>> };
    const ids = Object.values(paths).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(["/ocpp/locations", "/api/v1/chargers", "/api/v1/chargers/{chargeBoxId}/reset"]),
    );
  });
});
