import { env, exports } from "cloudflare:workers";
import { evictDurableObject } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import { readEnv, type RawEnv } from "../../../../src/env.ts";
import { FrontDoor } from "./front-door.ts";
import { DatabaseDouble } from "./database-double.ts";
import {
  basic,
  inObject,
  KEY,
  newCharger,
  provisioned,
  provisionInput,
  sessionCount,
  StationDouble,
  upgrade,
  upgradeRequest,
} from "./station-double.ts";

beforeEach(() => {
  new DatabaseDouble();
});

const keyBytes = Uint8Array.from(KEY.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

test.each(["a%2Fb", "..%2f", "%252e%252e", "caf%C3%A9", "a%20b", "a%0d%0ab", "x".repeat(49), "a:b", "%"])(
  "refuses the malformed identity %s with 400 before any object is asked",
  async (segment) => {
    const before = await sessionCount();
    const response = await upgrade({ ...newCharger(), path: `/ocpp/acme/${segment}` });
    expect(response.status).toBe(400);
    expect(await sessionCount()).toEqual(before);
  },
);

test("decodes the identity exactly once and tolerates one trailing slash", async () => {
  const charger = await provisioned();
  const encoded = charger.path.replace("CP-", "%43P%2D");
  expect((await upgrade({ ...charger, path: `${encoded}/` })).status).toBe(101);
});

test("refuses an origin that is not on the list with 403 and admits one that is", async () => {
  const charger = await provisioned();
  const config = {
    ...readEnv(env as unknown as RawEnv),
    OCPP_ALLOWED_ORIGINS: "https://a.test, https://stations.test",
  };
  const door = new FrontDoor({ config });
  const from = (origin: string) => door.ask(upgradeRequest(charger, { headers: { origin } }));
  for (const origin of ["https://evil.test", "null", "", "https://stations.test.evil.test"])
    expect((await from(origin)).status).toBe(403);
  expect((await from("https://stations.test")).status).toBe(101);
  expect((await upgrade(charger, { headers: { origin: "https://stations.test" } })).status).toBe(403);
});

test("answers 404 for an unknown charger and stores nothing for it", async () => {
  const charger = newCharger();
  expect((await upgrade(charger)).status).toBe(404);
  const stored = await inObject(charger, async (_instance, state) => ({
    tables: state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").toArray(),
    record: state.storage.kv.get("record"),
    alarm: await state.storage.getAlarm(),
  }));
  expect(stored).toEqual({ tables: [], record: undefined, alarm: null });
});

test.each([
  ["no credentials", null],
  ["a wrong key", basic("USER", "00".repeat(20))],
  ["the user of another charger", basic("other", KEY)],
  ["another scheme", `Bearer ${KEY}`],
  ["broken base64", "Basic %%%"],
  ["no colon", `Basic ${btoa(KEY)}`],
  ["an empty password", basic("USER", "")],
])("answers 401 with a challenge to %s", async (_name, authorization) => {
  const charger = await provisioned();
  const sent =
    authorization?.replace(btoa("USER:").slice(0, 6), btoa(`${charger.ref.identity}:`).slice(0, 6)) ?? null;
  const response = await upgrade(charger, { authorization: sent });
  expect(response.status).toBe(401);
  expect(response.headers.get("www-authenticate")).toBe('Basic realm="ocpp"');
});

test("admits the key as text and as the raw bytes its hexadecimal digits stand for", async () => {
  const charger = await provisioned();
  const { identity } = charger.ref;
  expect((await upgrade(charger, { authorization: basic(identity, KEY) })).status).toBe(101);
  expect((await upgrade(charger, { authorization: basic(identity, keyBytes) })).status).toBe(101);
});

test("admits the example of OCPP-J 1.6 section 6.2.2, whose password is no text", async () => {
  const charger = newCharger("AL1000");
  const authorizationKey = "0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF";
  await charger.session.provision(charger.ref, provisionInput(charger, { authorizationKey }));
  const authorization = "Basic QUwxMDAwOgABAgMEBQYH////////////////";
  expect((await upgrade(charger, { authorization })).status).toBe(101);
});

test("lets a charger of profile 0 in without credentials and ignores those it sends", async () => {
  const charger = await provisioned({ securityProfile: 0, authorizationKey: null });
  expect((await upgrade(charger, { authorization: null })).status).toBe(101);
  expect((await upgrade(charger, { authorization: basic("nobody", "nothing") })).status).toBe(101);
});

test.each(["ocpp2.0.1", "ocpp2.1", "ocpp2.1,ocpp2.0.1"])(
  "does not speak %s with a charger of profile 0, which exists in 1.6 only",
  async (protocol) => {
    const charger = await provisioned({ securityProfile: 0, authorizationKey: null });
    const response = await upgrade(charger, { protocol, authorization: null });
    expect(response.status).toBe(101);
    expect(response.headers.get("sec-websocket-protocol")).toBeNull();
    const refused = new StationDouble(response.webSocket as WebSocket);
    expect(await refused.untilClosed()).toEqual({ code: 1002, reason: "no common subprotocol" });
    const older = await upgrade(charger, { protocol: `${protocol},ocpp1.6`, authorization: null });
    expect(older.headers.get("sec-websocket-protocol")).toBe("ocpp1.6");
  },
);

test("refuses a plain socket for profile 2 with 403 and does not believe a header from outside", async () => {
  const charger = await provisioned();
  const url = `http://busbar.test${charger.path}`;
  expect((await upgrade(charger, { url })).status).toBe(403);
  expect((await upgrade(charger, { url, headers: { "x-busbar-transport": "direct" } })).status).toBe(403);
});

test("counts an upgrade from another object of the deployment as encrypted", async () => {
  const charger = await provisioned();
  const headers = {
    upgrade: "websocket",
    "sec-websocket-protocol": "ocpp1.6",
    "x-busbar-transport": "direct",
    authorization: basic(charger.ref.identity, KEY),
  };
  const response = await charger.stub.fetch(`http://session${charger.path}`, { headers });
  expect(response.status).toBe(101);
  response.webSocket?.accept();
});

test.each([
  ["ocpp1.6", "ocpp1.6"],
  ["ocpp2.0.1", "ocpp2.0.1"],
  ["ocpp2.1", "ocpp2.1"],
  ["ocpp9,ocpp2.0.1 , ocpp1.6", "ocpp2.0.1"],
  ["ocpp1.6,ocpp2.1", "ocpp1.6"],
])("of %s chooses %s, the first the station prefers", async (protocol, chosen) => {
  const response = await upgrade(await provisioned(), { protocol });
  expect(response.status).toBe(101);
  expect(response.headers.get("sec-websocket-protocol")).toBe(chosen);
});

test.each([null, "ocpp9"])(
  "completes the handshake without a common subprotocol (%s), closes with 1002 and leaves the live socket alone",
  async (protocol) => {
    const charger = await provisioned();
    const live = await StationDouble.booted(charger);
    const response = await upgrade(charger, { protocol });
    expect(response.status).toBe(101);
    expect(response.headers.get("sec-websocket-protocol")).toBeNull();
    const refused = new StationDouble(response.webSocket as WebSocket);
    expect(await refused.untilClosed()).toEqual({ code: 1002, reason: "no common subprotocol" });
    expect((await live.call("Heartbeat", {}))[0]).toBe(3);
  },
);

test("a refused attempt changes nothing of the live session", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const before = await charger.session.snapshot(charger.ref);
  expect(
    (await upgrade(charger, { authorization: basic(charger.ref.identity, "f".repeat(40)) })).status,
  ).toBe(401);
  expect(await charger.session.snapshot(charger.ref)).toEqual(before);
  expect(station.closed).toBeNull();
});

test("successful logins never count against an address", async () => {
  const headers = { "cf-connecting-ip": `ip-${crypto.randomUUID()}` };
  for (let attempt = 0; attempt < 25; attempt++)
    expect((await upgrade(await provisioned(), { headers })).status).toBe(101);
});

test("serves the login from storage after an eviction", async () => {
  const charger = await provisioned();
  await evictDurableObject(charger.stub);
  expect((await upgrade(charger)).status).toBe(101);
});

test("asks for an upgrade where a charger's path is opened without one", async () => {
  const { path } = await provisioned();
  const response = await exports.default.fetch(`https://busbar.test${path}`);
  expect(response.status).toBe(426);
});
