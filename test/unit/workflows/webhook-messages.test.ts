import { createHash, createHmac } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Ports } from "../../../src/ports.ts";
import { DELIVERY_PATH, REPLAY_PATH } from "../../../workflows/paths.ts";
import { stepRoutes } from "../../../workflows/index.ts";
import { openDatabase, type Database } from "../../harness/database.ts";
import { answering, startReceiver, type WebhookReceiver } from "../../harness/webhook-receiver.ts";
import { createWorld, BASE_URL } from "../api/access-world.ts";
import { SECRET, webhookScene } from "../webhooks/webhook-scene.ts";

let db: Database;
let receiver: WebhookReceiver;
beforeAll(async () => {
  db = await openDatabase();
  receiver = await startReceiver(SECRET);
});
afterAll(async () => {
  await receiver.close();
  await db.close();
});

const base64url = (text: string | Buffer) => Buffer.from(text).toString("base64url");

/** A token as the engine signs it. */
function tokenOf(path: string, body: string, key = "sig_current"): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: "Upstash",
    sub: BASE_URL + path,
    iat: now,
    nbf: now,
    exp: now + 300,
    jti: `jwt_${Math.random()}`,
    body: createHash("sha256").update(body).digest("base64url"),
  };
  const text = `${base64url('{"alg":"HS256","typ":"JWT"}')}.${base64url(JSON.stringify(claims))}`;
  return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
}

/** The endpoints of the engine's messages over a database, and an event that waits for its delivery. */
async function open() {
  const scene = await webhookScene(db);
  const id = await scene.hook(receiver.url);
  const [event] = await scene.connected();
  const marks: Ports["replayMarks"] = {
    begin: async () => "new",
    finish: () => undefined,
    forget: async () => undefined,
  };
  const world = createWorld({ ALLOW_PRIVATE_TARGETS: "true" }, { ...scene.ports, replayMarks: marks });
  const routes = stepRoutes(world.ports, world.config);
  const waiting = { waitUntil: () => undefined, passThroughOnException() {}, props: {} };
  const send = async (
    path: string,
    message: unknown,
    headers: Record<string, string> = {},
    token?: string,
  ) => {
    const body = typeof message === "string" ? message : JSON.stringify(message);
    const signed = { "upstash-signature": token ?? tokenOf(path, body), ...headers };
    return routes.fetch(new Request(BASE_URL + path, { method: "POST", headers: signed, body }), {}, waiting);
  };
  const message = scene.key(id, event?.id ?? "");
  return { ...scene, id, event, message, send, deliver: () => send(DELIVERY_PATH, message) };
}

test("a signed message delivers, is answered 200, and a repeat of it delivers nothing", async () => {
  const { deliver, event } = await open();
  receiver.behaviour = (response) => void response.end();
  expect((await deliver()).status).toBe(200);
  expect((await deliver()).status).toBe(200);
  expect(receiver.ids().filter((id) => id === event?.id)).toHaveLength(1);
});

test("a failed attempt is answered 502 with the receiver's Retry-After, the last one 489 without retry", async () => {
  const { deliver } = await open();
  receiver.behaviour = answering(503, { "retry-after": "120" });
  for (let n = 0; n < 3; n += 1) {
    const answer = await deliver();
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([502, "120"]);
  }
  const last = await deliver();
  expect([last.status, last.headers.get("upstash-nonretryable-error")]).toEqual([489, "true"]);
});

test("forged messages are answered 401, and nothing is delivered", async () => {
  const { message, send, event } = await open();
  const body = JSON.stringify(message);
  const forged: Array<[string, string | undefined, string]> = [
    ["unsigned", undefined, ""],
    ["another key", undefined, tokenOf(DELIVERY_PATH, body, "sig_of_nobody")],
    ["another body", undefined, tokenOf(DELIVERY_PATH, `${body} `)],
    ["another path", undefined, tokenOf(REPLAY_PATH, body)],
    ["no token", undefined, "Bearer x"],
  ];
  for (const [what, , token] of forged)
    expect([what, (await send(DELIVERY_PATH, body, {}, token)).status]).toEqual([what, 401]);
  const asStep = await send(DELIVERY_PATH, body, { "upstash-workflow-runid": "wfr_1" });
  expect(asStep.status).toBe(401);
  const asMessage = await send("/internal/wf/v1/charger", body);
  expect(asMessage.status).toBe(401);
  expect(receiver.ids()).not.toContain(event?.id);
});

test.each([["no JSON"], [{}], [{ organizationId: "x", webhookId: "wh_1", eventId: "evt_1" }], ["[]"]])(
  "a signed message %j that names no delivery is given up",
  async (message) => {
    const { send } = await open();
    expect((await send(DELIVERY_PATH, message)).status).toBe(489);
    expect((await send(REPLAY_PATH, message)).status).toBe(489);
  },
);

test("while the database is away a message is answered 503, in words that tell nothing of it", async () => {
  const scene = await open();
  const away = {
    ...scene.ports.deliveries,
    open: () => Promise.reject(new Error("connect to postgres://user:password@db")),
  };
  const broken = createWorld(
    { ALLOW_PRIVATE_TARGETS: "true" },
    {
      ...scene.ports,
      deliveries: away,
      replayMarks: { begin: async () => "new", finish: () => undefined, forget: async () => undefined },
    },
  );
  const body = JSON.stringify(scene.message);
  const request = new Request(BASE_URL + DELIVERY_PATH, {
    method: "POST",
    headers: { "upstash-signature": tokenOf(DELIVERY_PATH, body) },
    body,
  });
  const waiting = { waitUntil: () => undefined, passThroughOnException() {}, props: {} };
  const answer = await stepRoutes(broken.ports, broken.config).fetch(request, {}, waiting);
  expect([answer.status, await answer.text()]).toEqual([503, "UNEXPECTED"]);
});

test("the message of a replay makes its events due and is answered 200", async () => {
  const { id, organization, send, engine, event, now } = await open();
  const cause = { organizationId: organization.id, webhookId: id };
  await db.stores.deliveries.settle(
    { ...cause, eventId: event?.id ?? "" },
    {
      attempts: 1,
      status: "failed",
      responseStatus: 500,
      isGone: false,
      at: now(),
    },
  );
  await db.stores.webhooks.startReplay(organization.id, id, { storedFrom: new Date(0) }, now());
  expect((await send(REPLAY_PATH, cause)).status).toBe(200);
  expect(engine.published).toEqual([{ ...cause, eventId: event?.id, replays: 1 }]);
});
