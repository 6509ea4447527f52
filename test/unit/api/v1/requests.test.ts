import { describe, expect, it } from "vitest";
import { bodyOf, createWorld, post } from "../access-world.ts";

const RESET = "/api/v1/chargers/CP-1/reset";

describe("a request that is wrong", () => {
  it("is answered with all findings of path, query and body at once", async () => {
    const world = createWorld();
    const init = post(await world.apiKey("operator"), { type: "Medium", tpye: "Soft" });
    const response = await world.request("/api/v1/chargers/CP%201/reset?timeout=500", init);
    expect([response.status, await bodyOf(response)]).toEqual([
      400,
      {
        success: false,
        error: {
          code: "VALIDATION_ERROR",
          message: "Request validation failed",
          issues: [
            {
              location: "path",
              path: ["chargeBoxId"],
              code: "invalid_format",
              message: expect.stringContaining("chargeBoxId must be 1 to 48"),
            },
            { location: "query", path: ["timeout"], code: "too_big", message: "timeout must be at most 120" },
            {
              location: "body",
              path: ["type"],
              code: "invalid_value",
              message: "type must be one of: Soft, Hard",
            },
            { location: "body", path: ["tpye"], code: "unrecognized_key", message: "Unknown field tpye" },
          ],
        },
      },
    ]);
  });

  it.each<[string, string, number, string]>([
    ["an empty body lacks its required field", "", 400, "type is required"],
    ["an empty object lacks its required field", "{}", 400, "type is required"],
    ["a body that is not JSON", "{type", 400, "Request body is not JSON"],
    ["a list", "[]", 400, "Request body must be an object"],
    ["null", "null", 400, "Request body must be an object"],
    ["a field of the wrong type", '{"type":5}', 400, "type must be one of: Soft, Hard"],
    ["a polluting key", '{"type":"Soft","__proto__":{"x":1}}', 400, "Unknown field __proto__"],
    [
      "deep nesting",
      `{"type":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
      400,
      "type must be one of: Soft, Hard",
    ],
  ])("%s", async (_title, body, status, message) => {
    const world = createWorld();
    const response = await world.request(RESET, post(await world.apiKey("operator"), body));
    const answer = await bodyOf(response);
    expect([response.status, answer.error.issues[0]?.message]).toEqual([status, message]);
    expect(world.sessions.commands).toEqual([]);
  });

  it.each([
    ["text", 415, "UNSUPPORTED_MEDIA_TYPE", "text/plain", '{"type":"Soft"}'],
    [
      "over 256 KiB",
      413,
      "PAYLOAD_TOO_LARGE",
      "application/json",
      JSON.stringify({ type: "x".repeat(256 * 1024) }),
    ],
  ])("%s is refused as %i", async (_title, status, code, contentType, body) => {
    const world = createWorld();
    const init = post(await world.apiKey("operator"), body, { "content-type": contentType });
    const response = await world.request(RESET, init);
    expect([response.status, (await bodyOf(response)).error.code]).toEqual([status, code]);
  });

  it("with another method is answered 405 with the methods of the path", async () => {
    const world = createWorld();
    const response = await world.request(RESET, { headers: { "x-api-key": await world.apiKey("viewer") } });
    expect([response.status, response.headers.get("allow"), await bodyOf(response)]).toEqual([
      405,
      "POST",
      { success: false, error: { code: "METHOD_NOT_ALLOWED", message: "Method Not Allowed" } },
    ]);
  });

  it.each(["/api/v1", "/api/v1/nope", "/api/v1/chargers/CP-1/fly", "/api/v1/billing/plans"])(
    "%s is no route",
    async (path) => {
      const world = createWorld();
      const response = await world.request(path, { headers: { "x-api-key": await world.apiKey("owner") } });
      expect([response.status, await bodyOf(response)]).toEqual([
        404,
        { success: false, error: { code: "NOT_FOUND", message: "Route not found" } },
      ]);
    },
  );
});

describe("checks come in order", () => {
  it("an unknown key is refused before anything else is looked at", async () => {
    const world = createWorld();
    const response = await world.request(
      `${RESET}?timeout=x`,
      post("cap_live_nonsense", "{", { "content-type": "text/plain" }),
    );
    expect([response.status, response.headers.get("www-authenticate"), await bodyOf(response)]).toEqual([
      401,
      "ApiKey",
      { success: false, error: { code: "UNAUTHORIZED", message: "Invalid or inactive API key" } },
    ]);
  });

  it("the limit is refused before the role, the role before the body", async () => {
    const world = createWorld({ RATE_LIMIT_REQUESTS: "1" });
    const init = post(await world.apiKey("viewer"), "{", { "content-type": "text/plain" });
    const first = await world.request(RESET, init);
    expect([first.status, (await bodyOf(first)).error.code]).toEqual([403, "FORBIDDEN"]);
    const second = await world.request(RESET, init);
    expect([second.status, second.headers.get("retry-after"), (await bodyOf(second)).error]).toEqual([
      429,
      "60",
      { code: "RATE_LIMIT_ERROR", message: "Rate limit exceeded. Limit of 1 requests per 60 seconds." },
    ]);
  });
});

describe("every answer", () => {
  it("carries its request id, the quota of its organisation and is never stored", async () => {
    const world = createWorld();
    const key = await world.apiKey("viewer");
    for (const [path, status] of [
      ["/api/v1/chargers", 200],
      ["/api/v1/chargers/CP-9", 404],
      [RESET, 405],
      ["/api/v1/chargers?limit=0", 400],
    ] as const) {
      const { status: code, headers } = await world.request(path, {
        headers: { "x-api-key": key, "x-request-id": "abc-1" },
      });
      expect([code, headers.get("x-request-id"), headers.get("cache-control")]).toEqual([
        status,
        "abc-1",
        "no-store",
      ]);
      expect([headers.get("ratelimit-limit"), headers.get("ratelimit-reset")]).toEqual(["600", "60"]);
      expect(Number(headers.get("ratelimit-remaining"))).toBeLessThan(600);
    }
  });

  it("without organisation carries the address' budget of failed authentications", async () => {
    const world = createWorld();
    const { headers } = await world.request("/api/v1/chargers");
    expect(["limit", "remaining", "reset"].map((name) => headers.get(`ratelimit-${name}`))).toEqual([
      "20",
      "19",
      "60",
    ]);
  });

  it("hides an unexpected error, which is logged without secrets", async () => {
    const world = createWorld();
    const key = await world.apiKey("owner");
    world.ports.chargers.listConnected = () =>
      Promise.reject(new Error(`connect postgres://user:pw@db.internal ${key}`));
    const response = await world.request("/api/v1/chargers", {
      headers: { "x-api-key": key, "x-request-id": "abc-2" },
    });
    expect([response.status, await bodyOf(response)]).toEqual([
      500,
      {
        success: false,
        error: { code: "INTERNAL_ERROR", message: "Internal server error", requestId: "abc-2" },
      },
    ]);
    const line = world.logLines.join("\n");
    expect(line).toContain('"requestId":"abc-2"');
    expect(line).toContain("stack");
    expect(line).not.toContain(key);
    expect(line).not.toContain("user:pw");
  });
});
