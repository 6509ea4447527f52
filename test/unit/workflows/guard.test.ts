import { createHash, createHmac } from "node:crypto";
import { Hono } from "hono";
import { describe, expect, test } from "vitest";
import type { Config } from "../../../src/env.ts";
import type { ReplayMarks } from "../../../src/ports.ts";
import { stepGuard } from "../../../workflows/guard.ts";

const BASE = "https://busbar.example";
const PATH = "/internal/wf/v1/charger";
const CURRENT = "sig_current";
const NEXT = "sig_next";

const config: Config = {
  BUSBAR_ENV: "production",
  PUBLIC_BASE_URL: BASE,
  DATABASE_URL: "x",
  NEON_FETCH_ENDPOINT: undefined,
  UPSTASH_REDIS_REST_URL: "https://redis.example",
  UPSTASH_REDIS_REST_TOKEN: "t",
  QSTASH_URL: "https://qstash.example",
  QSTASH_TOKEN: "t",
  QSTASH_CURRENT_SIGNING_KEY: CURRENT,
  QSTASH_NEXT_SIGNING_KEY: NEXT,
  QSTASH_DEV: undefined,
  QSTASH_REGION: undefined,
  JWT_SECRET: "s".repeat(32),
  JWKS_URL: undefined,
  JWT_ISSUER: undefined,
  JWT_AUDIENCE: "busbar",
  SETTINGS_TOKEN_SECRET: "s".repeat(32),
  CREDENTIAL_SECRET: "s".repeat(32),
  RATE_LIMIT_REQUESTS: 1,
  RATE_LIMIT_WINDOW_SECONDS: 1,
  AUTH_FAILURE_LIMIT: 1,
  OUTAGE_GRACE_SECONDS: 900,
  SETTINGS_RATE_PER_SECOND: 10,
  SETTINGS_BURST: 15,
  OCPP_UPGRADE_FAILURE_LIMIT: 1,
  OCPP_ALLOWED_ORIGINS: "",
  OCPP_CLIENT_CERTIFICATES: false,
  OCPP_INBOUND_VALIDATION: "lenient",
  BODY_DEADLINE_SECONDS: 10,
  CHARGER_LIMIT: 1_000_000,
  OPEN_JOB_LIMIT: 20,
  PROVISION_PARALLELISM: 20,
  SIMULATOR_CONNECTS_PER_SECOND: 200,
  SIMULATOR_WATCH_SECONDS: 30,
  ALLOW_PRIVATE_TARGETS: false,
  WEBHOOK_RETRIES: 3,
  WEBHOOK_RETRY_DELAY: "60000 * pow(20, retried)",
};

const base64url = (data: Buffer | string) => Buffer.from(data).toString("base64url");

interface Forgery {
  key?: string;
  header?: object;
  claims?: Record<string, unknown>;
}

function sign(
  body: string,
  { key = CURRENT, header = { alg: "HS256", typ: "JWT" }, claims = {} }: Forgery = {},
): string {
  const now = Math.floor(Date.now() / 1000);
  const all = {
    iss: "Upstash",
    sub: BASE + PATH,
    iat: now,
    nbf: now,
    exp: now + 300,
    jti: `jwt_${Math.random()}`,
    body: createHash("sha256").update(body).digest("base64url"),
    ...claims,
  };
  const text = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(all))}`;
  return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
}

function memoryMarks(): ReplayMarks {
  const marks = new Map<string, "started" | "done">();
  return {
    async begin(id) {
      const known = marks.get(id);
      if (known) return known;
      marks.set(id, "started");
      return "new";
    },
    finish: (id) => void marks.set(id, "done"),
    forget: async (id) => void marks.delete(id),
  };
}

function endpoint(
  overrides: Partial<Config> = {},
  marks = memoryMarks(),
  answer = () => new Response("ran"),
) {
  let runs = 0;
  const app = new Hono();
  app.use("/internal/wf/*", stepGuard({ ...config, ...overrides }, marks));
  app.all(PATH, async () => {
    runs += 1;
    return answer();
  });
  const waits: Promise<unknown>[] = [];
  const ctx = {
    waitUntil: (work: Promise<unknown>) => void waits.push(work),
    passThroughOnException() {},
    props: {},
  };
  return {
    runs: () => runs,
    async send(body: string, token: string | null, headers: Record<string, string> = {}, method = "POST") {
      const init: RequestInit = { method, headers: { "upstash-workflow-sdk-version": "1", ...headers } };
      if (method === "POST") init.body = body;
      const request = new Request(`http://anything.internal${PATH}`, init);
      if (token !== null) request.headers.set("upstash-signature", token);
      const response = await app.fetch(request, {}, ctx);
      await Promise.all(waits);
      return response.status;
    },
  };
}

describe("the step guard", () => {
  test("lets a delivery signed with the current or with the next key run once", async () => {
    const step = endpoint();
    expect(await step.send("[]", sign("[]"))).toBe(200);
    expect(await step.send("[]", sign("[]", { key: NEXT }))).toBe(200);
    expect(await step.send("", sign(""))).toBe(200);
    expect(step.runs()).toBe(3);
  });

  test("accepts a clock that is off by five seconds, and a digest with padding", async () => {
    const step = endpoint();
    const at = Math.floor(Date.now() / 1000);
    expect(await step.send("[]", sign("[]", { claims: { nbf: at + 4, iat: at + 4, exp: at + 304 } }))).toBe(
      200,
    );
    expect(await step.send("[]", sign("[]", { claims: { iat: at - 303, nbf: at - 303, exp: at - 3 } }))).toBe(
      200,
    );
    const body = `${createHash("sha256").update("[]").digest("base64url")}=`;
    expect(await step.send("[]", sign("[]", { claims: { body } }))).toBe(200);
    expect(step.runs()).toBe(3);
  });

  const now = Math.floor(Date.now() / 1000);
  const forgeries: Array<[string, string | null]> = [
    ["no signature", null],
    ["garbage", "garbage"],
    ["three garbage parts", "a.b.c"],
    ["a signature over 4 KB", `${sign("[]")}${"A".repeat(5000)}`],
    ["algorithm none", `${base64url('{"alg":"none"}')}.${sign("[]").split(".")[1]}.`],
    ["another algorithm in the header", sign("[]", { header: { alg: "HS512" } })],
    ["a wrong key", sign("[]", { key: "sig_wrong" })],
    ["an empty key", sign("[]", { key: "x" })],
    ["an expired token", sign("[]", { claims: { iat: now - 400, nbf: now - 400, exp: now - 100 } })],
    ["a token of the future", sign("[]", { claims: { nbf: now + 60 } })],
    ["a token that lives too long", sign("[]", { claims: { exp: now + 3600 } })],
    ["a token without expiry", sign("[]", { claims: { exp: undefined } })],
    ["a wrong issuer", sign("[]", { claims: { iss: "Mallory" } })],
    ["another URL", sign("[]", { claims: { sub: `${BASE}/internal/wf/v1/dispatch` } })],
    ["another host", sign("[]", { claims: { sub: `http://anything.internal${PATH}` } })],
    ["another body", sign("[1]")],
    ["a text as expiry", sign("[]", { claims: { exp: "never" } })],
    ["no time of issue", sign("[]", { claims: { iat: undefined } })],
    ["no digest of the body", sign("[]", { claims: { body: undefined } })],
    ["an extension that must be understood", sign("[]", { header: { alg: "HS256", crit: ["x"], x: 1 } })],
    ["an endless token id", sign("[]", { claims: { jti: "j".repeat(129) } })],
  ];
  test.each(forgeries)("answers 401 and runs nothing for %s", async (_name, token) => {
    const step = endpoint();
    expect(await step.send("[]", token)).toBe(401);
    expect(step.runs()).toBe(0);
  });

  test("refuses deliveries that the SDK would take for a new run or a callback", async () => {
    const step = endpoint();
    expect(await step.send("[]", sign("[]"), { "upstash-workflow-sdk-version": "" })).toBe(401);
    expect(await step.send("[]", sign("[]"), { "upstash-workflow-callback": "true" })).toBe(401);
    expect(await step.send("[]", sign("[]"), { "upstash-workflow-unknown-sdk": "true" })).toBe(401);
    expect(step.runs()).toBe(0);
  });

  test("answers a replay without running it: 200 when the first is done, 409 while it runs", async () => {
    const marks = memoryMarks();
    const step = endpoint({}, marks);
    const token = sign("[]");
    expect(await step.send("[]", token)).toBe(200);
    expect(await step.send("[]", token)).toBe(200);
    expect(step.runs()).toBe(1);
    const running = sign("[]", { claims: { jti: "jwt_running" } });
    await marks.begin("jwt_running", 600);
    expect(await step.send("[]", running)).toBe(409);
    expect(step.runs()).toBe(1);
  });

  test("accepts a token again after its delivery failed", async () => {
    let status = 500;
    const step = endpoint({}, memoryMarks(), () => new Response(null, { status }));
    const token = sign("[]");
    expect(await step.send("[]", token)).toBe(500);
    status = 200;
    expect(await step.send("[]", token)).toBe(200);
    expect(step.runs()).toBe(2);
  });

  test("goes on when the replay marks cannot be reached: the signature has been checked", async () => {
    const step = endpoint({}, { begin: async () => null, finish: () => {}, forget: async () => {} });
    expect(await step.send("[]", sign("[]"))).toBe(200);
  });

  test.each<[string, Partial<Config>]>([
    ["no current key", { QSTASH_CURRENT_SIGNING_KEY: undefined }],
    ["no next key", { QSTASH_NEXT_SIGNING_KEY: undefined }],
    ["no token", { QSTASH_TOKEN: undefined }],
    ["no engine", { QSTASH_URL: undefined }],
    ["QSTASH_DEV", { QSTASH_DEV: "true" }],
    ["QSTASH_REGION", { QSTASH_REGION: "US_EAST_1" }],
    [
      "a published development key in production",
      { QSTASH_CURRENT_SIGNING_KEY: "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r" },
    ],
    ["a loopback engine in production", { QSTASH_URL: "http://127.0.0.1:8080" }],
    ["a plain base URL in production", { PUBLIC_BASE_URL: "http://busbar.example" }],
  ])("serves no step with %s", async (_name, overrides) => {
    const step = endpoint(overrides);
    expect(await step.send("[]", sign("[]"))).toBe(503);
    expect(step.runs()).toBe(0);
  });

  test("takes only POST, and no body over 2 MiB", async () => {
    const step = endpoint();
    expect(await step.send("", sign(""), {}, "GET")).toBe(405);
    const big = "x".repeat(2 * 1024 * 1024 + 1);
    expect(await step.send(big, sign(big))).toBe(413);
    expect(step.runs()).toBe(0);
  });
});
