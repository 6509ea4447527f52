import { createHash, createHmac } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client, serve } from "@upstash/workflow";
import { signDelivery } from "../../../../dev/engine/signature.ts";
import { startFixture, waitFor, type Fixture } from "./engine-fixture.ts";
import { runEngineToExit, startEngineProcess } from "./engine-process.ts";
import { keys } from "./workflow-endpoint.ts";

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.close());

test("a token names the destination, the body's hash and a short life, and is new on each attempt", () => {
  const decode = (token = "") => {
    const [header = "", claims = "", signature] = token.split(".");
    const expected = createHmac("sha256", keys.currentKey).update(`${header}.${claims}`).digest("base64url");
    expect(signature).toBe(expected);
    const parse = (part: string) =>
      JSON.parse(Buffer.from(part, "base64url").toString()) as Record<string, unknown>;
    return { header: parse(header), claims: parse(claims) };
  };
  const url = "http://127.0.0.1:1/x";
  const { header, claims } = decode(signDelivery(keys, url, ""));
  const { iat, jti } = claims;
  expect(header).toEqual({ alg: "HS256", typ: "JWT" });
  expect(claims).toEqual({
    iss: "Upstash",
    sub: url,
    iat,
    nbf: iat,
    exp: Number(iat) + 300,
    jti: expect.stringMatching(/^jwt_/) as string,
    body: createHash("sha256").update("").digest("base64url"),
  });
  expect(Math.abs(Number(iat) - Date.now() / 1000)).toBeLessThan(5);
  expect(decode(signDelivery(keys, url, "")).claims["jti"]).not.toBe(jti);
});

test.each(["current", "next"])("the SDK accepts what is signed with the %s key", async (signature) => {
  const { endpoint, client, ended, faults } = fixture;
  await faults({ signature });
  const url = endpoint.workflow(
    `/${signature}`,
    async (context) => void (await context.run("s", () => undefined)),
  );
  const { workflowRunId } = await client.trigger({ url });
  expect(await ended(workflowRunId)).toMatchObject({ workflowState: "RUN_SUCCESS" });
  await faults({ signature: "current" });
});

test("a test can have every attempt of a message carry the token of its first one", async () => {
  const { endpoint, api, faults } = fixture;
  await faults({ repeatToken: true });
  const url = endpoint.route("/same-token", () => new Response("busy", { status: 503 }));
  const headers = { "upstash-retries": "2", "upstash-retry-delay": "1000" };
  await api("POST", `/v2/publish/${url}`, { headers });
  const attempts = () => endpoint.deliveries.filter(({ path }) => path === "/same-token");
  await waitFor(() => attempts().length === 3, "three attempts");
  await faults({ repeatToken: false });
  expect(new Set(attempts().map((attempt) => attempt.headers["upstash-signature"])).size).toBe(1);
});

test.each(["wrong", "none", "tampered", "expired"])(
  "the SDK refuses a signature that is %s, and the attempt is repeated",
  async (signature) => {
    const { endpoint, client, ended, faults } = fixture;
    await faults({ signature });
    let ran = 0;
    const url = endpoint.workflow(
      `/${signature}`,
      async (context) => void (await context.run("s", () => ran++)),
    );
    const { workflowRunId } = await client.trigger({ url, retries: 3, retryDelay: "20000" });
    const refused = () =>
      endpoint.deliveries.filter(({ path, status }) => path === `/${signature}` && status === 500);
    await waitFor(() => refused().length === 1, "the refusal");
    expect(ran).toBe(0);
    await faults({ signature: "current" });
    expect(await ended(workflowRunId)).toMatchObject({ workflowState: "RUN_SUCCESS" });
    expect(refused()).toHaveLength(1);
  },
);

const routes: [string, string][] = [
  ["POST", "/v2/batch"],
  ["POST", "/v2/publish/http://127.0.0.1:1/x"],
  ["GET", "/v2/workflows/runs/wfr_x"],
  ["DELETE", "/v2/workflows/runs/wfr_x"],
  ["DELETE", "/v2/workflows/runs"],
  ["GET", "/v2/workflows/events"],
  ["GET", "/v2/workflows/logs"],
  ["GET", "/v2/dlq"],
  ["GET", "/v2/keys"],
  ["POST", "/_test/reset"],
  ["GET", "/unknown"],
];

test.each(routes)("%s %s answers 401 to a wrong or missing token", async (method, target) => {
  for (const authorization of ["Bearer wrong", "Basic dGVzdA==", undefined]) {
    const headers: Record<string, string> = authorization ? { authorization } : {};
    const response = await fetch(fixture.engine.url + target, { method, headers });
    expect([response.status, await response.json()]).toEqual([401, { error: "invalid token" }]);
  }
});

test("the token may come in the query and does not reach the destination", async () => {
  const { endpoint, engine } = fixture;
  endpoint.route("/q?a=1", () => new Response());
  const target = `${engine.url}/v2/publish/${endpoint.origin}/q?a=1&qstash_token=test-token`;
  expect((await fetch(target, { method: "POST" })).status).toBe(201);
  await waitFor(() => endpoint.deliveries.some(({ path }) => path === "/q?a=1"), "the delivery");
});

test.each([
  "https://example.com/x",
  "http://127.0.0.1.example.com/",
  "http://10.0.0.1/",
  "file:///etc/passwd",
  "nonsense",
])("the destination %s outside the allow-list is refused with 400, also as failure callback", async (url) => {
  const { client, endpoint, api } = fixture;
  await expect(client.trigger({ url })).rejects.toMatchObject({ status: 400 });
  const headers = { "upstash-failure-callback": url };
  const response = await api("POST", `/v2/publish/${endpoint.origin}/x`, { headers });
  expect(response.status).toBe(400);
});

test("given origins replace loopback in the allow-list", async () => {
  const strict = await startFixture({ allowedOrigins: ["http://127.0.0.1:1"] });
  const refused = await strict.api("POST", `/v2/publish/${strict.endpoint.origin}/x`);
  const accepted = await strict.api("POST", "/v2/publish/http://127.0.0.1:1/x");
  expect([refused.status, accepted.status]).toEqual([400, 201]);
  await strict.close();
});

test("headers that would break the delivery are refused with 400", async () => {
  const item = {
    destination: fixture.endpoint.origin,
    headers: { "Upstash-Forward-X": "a\r\nb: c" },
    body: "",
  };
  const response = await fixture.api("POST", "/v2/batch", { body: JSON.stringify([item]) });
  expect(response.status).toBe(400);
});

test("QSTASH_DEV=true works against an engine started without token and keys and downloads nothing", async () => {
  const engine = await startEngineProcess({
    port: 0,
    dataFile: ":memory:",
    token: undefined,
    currentKey: undefined,
    nextKey: undefined,
  });
  const port = new URL(engine.url).port;
  const before = { ...process.env };
  Object.assign(process.env, { QSTASH_DEV: "true", QSTASH_DEV_PORT: port });
  try {
    const { endpoint } = fixture;
    let verified = 0;
    const url = endpoint.route("/dev", async (request) => {
      const { handler } = serve(async (context) => void (await context.run("s", () => void verified++)), {
        env: { QSTASH_DEV: "true", QSTASH_DEV_PORT: port },
      });
      return await handler(request);
    });
    await new Client({}).trigger({ url });
    await waitFor(() => verified === 1, "the step to run");
    const unsigned = await fetch(url, {
      method: "POST",
      headers: { "Upstash-Workflow-Sdk-Version": "1", "Upstash-Workflow-RunId": "wfr_x" },
      body: "[]",
    });
    expect(unsigned.status).toBe(500);
  } finally {
    process.env = before;
    await engine.stop();
  }
});

test("an occupied port ends the process with exit code 1", async () => {
  const port = Number(new URL(fixture.engine.url).port);
  const { code, stderr } = await runEngineToExit({ port, dataFile: ":memory:" });
  expect(code).toBe(1);
  expect(stderr).toMatch(/EADDRINUSE/);
});
