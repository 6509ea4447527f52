import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DueDelivery, Ports } from "../../../../src/ports.ts";
import { openDatabase, type Database } from "../../../harness/database.ts";
import { bodyOf, createWorld, post } from "../access-world.ts";
import { unusedPort } from "../fake-ports.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase({ isShared: false });
});
afterAll(() => db.close());

const URL = "https://hooks.example.com/busbar";
const EVENTS = ["charger.connected", "charger.disconnected"];
const SECRET = "a secret of the receiver's own";

/** The application over webhooks in a database. */
async function openWorld(variables: Record<string, string> = {}) {
  const posted: Array<{ url: string; headers: Record<string, string>; body: string }> = [];
  const published: DueDelivery[] = [];
  /** Organisations whose registry was told to read subscriptions again. */
  const told: string[] = [];
  const world = createWorld(variables, {
    webhooks: db.stores.webhooks,
    deliveries: db.stores.deliveries,
    events: db.stores.events,
    webhookPost: async (url, headers, body) => (
      posted.push({ url, headers, body }),
      { status: 204, retryAfter: null }
    ),
    tagRegistries: {
      ...unusedPort<Ports["tagRegistries"]>("tagRegistries"),
      reloadVendors: async (organizationId) => void told.push(organizationId),
    },
    messages: {
      deliver: async (due) => (published.push(...due), []),
      replayWebhook: async () => undefined,
    } satisfies Ports["messages"],
  });
  for (const { id, slug } of [world.organization, world.other])
    await db.sql("INSERT INTO organizations (id, slug, name) VALUES ($1::uuid, $2, 'x')", [
      id,
      `${slug}-${id}`,
    ]);
  const owner = await world.apiKey("owner");
  const ask = async (method: string, path: string, body?: unknown, key = owner) => {
    const init = body === undefined ? { headers: { "x-api-key": key } } : post(key, body);
    const response = await world.request(`/api/v1/webhooks${path}`, { ...init, method });
    return {
      status: response.status,
      body: (await bodyOf(response)) as Record<string, unknown>,
      headers: response.headers,
    };
  };
  const create = async (body: object = {}, key = owner) =>
    ask("POST", "", { url: URL, events: EVENTS, ...body }, key);
  return { ...world, owner, ask, create, posted, published, told };
}

const WEBHOOK_ID = expect.stringMatching(/^wh_[0-9A-HJKMNP-TV-Z]{26}$/);

test("a webhook with a secret of the client's is answered without it", async () => {
  const { create, clock } = await openWorld();
  const { status, body } = await create({ secret: SECRET });
  expect(status).toBe(201);
  expect(body).toEqual({
    id: WEBHOOK_ID,
    url: URL,
    events: EVENTS,
    active: true,
    createdAt: clock.now.toISOString(),
  });
  expect(Object.keys(body)).toEqual(["id", "url", "events", "active", "createdAt"]);
});

test("a generated secret is shown once, and never again", async () => {
  const { create, ask } = await openWorld();
  const { body } = await create();
  expect(body["secret"]).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  const texts = [await ask("GET", ""), await ask("PATCH", `/${String(body["id"])}`, { active: true })];
  expect(JSON.stringify(texts)).not.toContain("whsec_");
});

test("a repeat with the same Idempotency-Key creates nothing and repeats no secret", async () => {
  const world = await openWorld();
  const send = () =>
    world.request("/api/v1/webhooks", {
      ...post(world.owner, { url: URL, events: EVENTS }, { "idempotency-key": "k1" }),
    });
  const [first, second] = [await send(), await send()];
  const [made, again] = [await bodyOf(first), await bodyOf(second)] as Array<Record<string, unknown>>;
  const { secret, ...shown } = made ?? {};
  expect(secret).toMatch(/^whsec_/);
  expect([second.status, second.headers.get("idempotency-replayed"), again]).toEqual([201, "true", shown]);
  expect((await world.ask("GET", "")).body["webhooks"]).toHaveLength(1);
});

test("webhooks are listed oldest first, those of others are not", async () => {
  const { create, ask, clock, apiKey, other } = await openWorld();
  const { body: first } = await create({ secret: SECRET });
  clock.advance(1000);
  const { body: second } = await create({ secret: SECRET, vendorIds: ["Acme"] });
  expect((await ask("GET", "")).body).toEqual({ webhooks: [first, second] });
  expect(second["vendorIds"]).toEqual(["Acme"]);
  expect((await ask("GET", "", undefined, await apiKey("viewer", other))).body).toEqual({ webhooks: [] });
});

test("PATCH changes what it names and leaves the rest", async () => {
  const { create, ask } = await openWorld();
  const { body: made } = await create({ secret: SECRET, vendorIds: ["Acme"] });
  const id = String(made["id"]);
  const url = "https://other.example.com/";
  expect(await ask("PATCH", `/${id}`, { url })).toMatchObject({ status: 200, body: { ...made, url } });
  const events = ["charger.disconnected"];
  const changed = { ...made, url, events, active: false };
  expect((await ask("PATCH", `/${id}`, { events, active: false })).body).toEqual(changed);
  expect((await ask("PATCH", `/${id}`, {})).body).toEqual(changed);
  const { vendorIds: _, ...anyVendor }: Record<string, unknown> = changed;
  expect((await ask("PATCH", `/${id}`, { vendorIds: null })).body).toEqual(anyVendor);
});

test("a webhook that its receiver's answers switched off shows why, until it is switched on", async () => {
  const { create, ask } = await openWorld();
  const id = String((await create()).body["id"]);
  await db.sql("UPDATE webhooks SET active = false, disabled_reason = 'failing' WHERE id = $1", [id]);
  const list = async () => (await ask("GET", "")).body["webhooks"];
  expect(await list()).toMatchObject([{ active: false, disabledReason: "failing" }]);
  await ask("PATCH", `/${id}`, { active: true });
  expect(await list()).not.toHaveProperty("0.disabledReason");
});

test("DELETE deletes, once", async () => {
  const { create, ask } = await openWorld();
  const id = String((await create()).body["id"]);
  expect(await ask("DELETE", `/${id}`)).toMatchObject({
    status: 200,
    body: { message: "Webhook deleted successfully", id },
  });
  expect(await ask("DELETE", `/${id}`)).toMatchObject({
    status: 404,
    body: { error: { code: "NOT_FOUND", message: `Webhook ${id} not found` } },
  });
});

test("creating, changing and deleting a webhook lets the organisation's registry read again what is subscribed", async () => {
  const { create, ask, told, organization } = await openWorld();
  const id = String((await create()).body["id"]);
  await ask("PATCH", `/${id}`, { events: ["data_transfer.received"], vendorIds: ["Acme"] });
  expect(await db.stores.webhooks.wantedVendors(organization.id)).toEqual(["Acme"]);
  await ask("PATCH", `/${id}`, { vendorIds: null });
  expect(await db.stores.webhooks.wantedVendors(organization.id)).toBe("all");
  await ask("PATCH", `/${id}`, { active: false });
  expect(await db.stores.webhooks.wantedVendors(organization.id)).toEqual([]);
  await ask("DELETE", `/${id}`);
  expect(told).toEqual(Array.from({ length: 5 }, () => organization.id));
});

test("deliveries are listed newest event first, as many as are asked for", async () => {
  const { create, ask, organization } = await openWorld();
  const id = String((await create()).body["id"]);
  await db.sql(
    `INSERT INTO webhook_deliveries (webhook_id, event_id, organization_id, type, status, attempts, response_status, last_attempt_at, due_at)
     SELECT $1, 'evt_' || lpad(n::text, 26, '0'), $2::uuid, 'charger.connected', 'delivered', 2, 200, '2026-02-06T12:00:00Z', now()
     FROM generate_series(1, 60) n`,
    [id, organization.id],
  );
  const { body } = await ask("GET", `/${id}/deliveries?limit=2`);
  const shown = (n: number) => ({
    id: `evt_${String(n).padStart(26, "0")}`,
    event: "charger.connected",
    status: "delivered",
    attempts: 2,
    responseStatus: 200,
    lastAttemptAt: "2026-02-06T12:00:00.000Z",
  });
  expect(body).toEqual({ deliveries: [shown(60), shown(59)] });
  expect((await ask("GET", `/${id}/deliveries`)).body["deliveries"]).toHaveLength(50);
});

test("a test sends one signed event and tells what was answered", async () => {
  const { create, ask, posted, clock } = await openWorld();
  const id = String((await create({ secret: SECRET })).body["id"]);
  clock.now = new Date();
  const { status, body } = await ask("POST", `/${id}/test`, {});
  const eventId = expect.stringMatching(/^evt_[0-9A-HJKMNP-TV-Z]{26}$/);
  expect([status, body]).toEqual([
    200,
    { message: "Test event delivered", id, eventId, delivered: true, responseStatus: 204 },
  ]);
  const [sent] = posted;
  const verifier = new Webhook(new TextEncoder().encode(SECRET), { format: "raw" });
  expect(verifier.verify(sent?.body ?? "", sent?.headers ?? {})).toMatchObject({
    event: "webhook.test",
    data: { webhookId: id },
  });
  expect([sent?.url, sent?.headers["webhook-id"]]).toEqual([URL, body["eventId"]]);
});

test("a test of a webhook whose stored address is forbidden sends nothing", async () => {
  const { create, ask, posted } = await openWorld();
  const id = String((await create()).body["id"]);
  await db.sql("UPDATE webhooks SET url = 'https://127.0.0.1/' WHERE id = $1", [id]);
  expect((await ask("POST", `/${id}/test`, {})).body).toMatchObject({
    delivered: false,
    responseStatus: null,
  });
  expect(posted).toEqual([]);
});

test("a replay is accepted, a second one while it goes on is a conflict, one from an event that is not kept is answered 410", async () => {
  const { create, ask } = await openWorld();
  const id = String((await create()).body["id"]);
  expect(await ask("POST", `/${id}/replay`, { after: "evt_01JKB2M3N4P5Q6R7S8T9V0W1X2" })).toMatchObject({
    status: 410,
    body: { error: { code: "CURSOR_EXPIRED" } },
  });
  expect(await ask("POST", `/${id}/replay`, { after: "2026-02-06T13:00:00+01:00" })).toMatchObject({
    status: 202,
    body: { message: "Replay started", id },
  });
  expect(await ask("POST", `/${id}/replay`, { after: "2026-02-06T13:00:00Z" })).toMatchObject({
    status: 409,
    body: { error: { code: "CONFLICT" } },
  });
});

test.each([
  ["no events", { events: [] }, "events must have at least 1 item"],
  ["an unknown event", { events: ["charger.exploded"] }, "events.0 must be one of: charger.connected"],
  ["a private address", { url: "https://10.0.0.1/" }, "url must be a public host (private)"],
  ["an address in hexadecimal", { url: "https://0x7f000001/" }, "url must be a public host (loopback)"],
  ["a mapped address", { url: "https://[::ffff:7f00:1]/" }, "url must be a public host (not global unicast)"],
  ["user information", { url: "https://a:b@hooks.example.com/" }, "url must not contain user information"],
  ["http", { url: "http://hooks.example.com/" }, "url must be an https URL"],
  ["a short secret", { secret: "short" }, "secret must have 16 to 256 characters"],
  ["a secret that is no base64", { secret: "whsec_äöüäöüäöüäöüäöü" }, "secret must be whsec_"],
  ["a field of no meaning", { secrt: SECRET }, "Unknown field secrt"],
  ["an empty list of vendors", { vendorIds: [] }, "vendorIds must have at least 1 item"],
])("%s is refused, on creation and change", async (_what, body, message) => {
  const { create, ask, organization } = await openWorld();
  const refused = await create(body);
  expect([refused.status, JSON.stringify(refused.body)]).toEqual([400, expect.stringContaining(message)]);
  const id = String((await create()).body["id"]);
  const changed = await ask("PATCH", `/${id}`, body);
  expect([changed.status, JSON.stringify(changed.body)]).toEqual([400, expect.stringContaining(message)]);
  expect(await db.stores.webhooks.list(organization.id)).toMatchObject([{ url: URL, events: EVENTS }]);
});

test("a webhook needs an address and events", async () => {
  const { ask } = await openWorld();
  const { status, body } = await ask("POST", "", {});
  expect(status).toBe(400);
  expect(JSON.stringify(body)).toContain("url is required");
  expect(JSON.stringify(body)).toContain("events is required");
});

test("the twenty-first webhook is refused", async () => {
  const { create } = await openWorld();
  for (let n = 0; n < 20; n += 1) expect((await create({ secret: SECRET })).status).toBe(201);
  expect(await create()).toMatchObject({
    status: 429,
    body: {
      error: {
        code: "RATE_LIMIT_ERROR",
        message: "Webhook limit reached. Your organisation allows 20 webhook(s).",
      },
    },
  });
});

test("webhooks of another organisation are not found, and viewers may only read", async () => {
  const { create, ask, apiKey, other } = await openWorld();
  const id = String((await create()).body["id"]);
  const [stranger, viewer] = [await apiKey("owner", other), await apiKey("viewer")];
  const writing: Array<[string, string, object?]> = [
    ["PATCH", `/${id}`, { active: false }],
    ["DELETE", `/${id}`],
    ["POST", `/${id}/test`, {}],
    ["POST", `/${id}/replay`, { after: "2026-02-06T13:00:00Z" }],
  ];
  for (const [method, path, body] of [...writing, ["GET", `/${id}/deliveries`] as const])
    expect((await ask(method, path, body, stranger)).status).toBe(404);
  for (const [method, path, body] of writing)
    expect((await ask(method, path, body, viewer)).status).toBe(403);
  expect((await create({}, viewer)).status).toBe(403);
  expect((await ask("GET", `/${id}/deliveries`, undefined, viewer)).status).toBe(200);
  for (const path of ["/wh_1", `/${id.toLowerCase()}`, "/wh_%00"])
    expect((await ask("PATCH", path, {})).status).toBe(404);
});

test("on the development stack a receiver on the same machine may be named", async () => {
  const { create } = await openWorld({ ALLOW_PRIVATE_TARGETS: "true" });
  expect((await create({ url: "http://127.0.0.1:9000/hook" })).status).toBe(201);
});
