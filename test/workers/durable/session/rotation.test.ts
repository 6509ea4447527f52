import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import { durableSessions } from "../../../../src/durable/sessions.ts";
import { readEnv, type RawEnv } from "../../../../src/env.ts";
import { DatabaseDouble } from "./database-double.ts";
import {
  basic,
  inObject,
  KEY,
  newCharger,
  provisioned,
  StationDouble,
  upgrade,
  type Charger,
} from "./station-double.ts";

beforeEach(() => {
  new DatabaseDouble();
});

const NEW_KEY = "f".repeat(40);

async function isGood(charger: Charger, key: string): Promise<boolean> {
  const response = await upgrade(charger, { authorization: basic(charger.ref.identity, key) });
  response.webSocket?.accept();
  return response.status === 101;
}

/** Rotates while a booted station is connected that answers with `reply`. */
async function rotated(reply: (id: string) => [number, string, ...unknown[]], protocol = "ocpp1.6") {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger, { protocol });
  const rotating = charger.session.rotateAuthorizationKey(charger.ref, NEW_KEY);
  const [, id, action, payload] = await station.nextCall();
  station.send(reply(id));
  return { charger, station, status: await rotating, action, payload };
}

/** A charger whose station left with the new key on the wire. */
async function withKeyOfUnknownFate(): Promise<Charger> {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const rotating = charger.session.rotateAuthorizationKey(charger.ref, NEW_KEY);
  await station.nextCall();
  station.socket.close(1000, "bye");
  expect(await rotating).toBe("unknown");
  return charger;
}

test("accepted: the old key stops working at once and the live socket stays", async () => {
  const { charger, station, status, action, payload } = await rotated((id) => [
    3,
    id,
    { status: "Accepted" },
  ]);
  expect({ status, action, payload }).toEqual({
    status: "accepted",
    action: "ChangeConfiguration",
    payload: { key: "AuthorizationKey", value: NEW_KEY },
  });
  expect(await isGood(charger, KEY)).toBe(false);
  expect((await station.call("Heartbeat", {}))[0]).toBe(3);
  expect(await isGood(charger, NEW_KEY)).toBe(true);
});

test("a 2.x station gets the key as its password", async () => {
  const { status, action } = await rotated(
    (id) => [
      3,
      id,
      {
        setVariableResult: [
          {
            attributeStatus: "Accepted",
            component: { name: "SecurityCtrlr" },
            variable: { name: "BasicAuthPassword" },
          },
        ],
      },
    ],
    "ocpp2.0.1",
  );
  expect({ status, action }).toEqual({ status: "accepted", action: "SetVariables" });
});

test("reboot required: both keys are good until the first login with the new one", async () => {
  const { charger, status } = await rotated((id) => [3, id, { status: "RebootRequired" }]);
  expect(status).toBe("reboot_required");
  expect(await isGood(charger, KEY)).toBe(true);
  expect(await isGood(charger, NEW_KEY)).toBe(true);
  expect(await isGood(charger, KEY)).toBe(false);
});

test.each([
  ["rejected", (id: string): [number, string, ...unknown[]] => [3, id, { status: "Rejected" }]],
  ["not_supported", (id: string): [number, string, ...unknown[]] => [3, id, { status: "NotSupported" }]],
  ["not_supported", (id: string): [number, string, ...unknown[]] => [4, id, "NotImplemented", "", {}]],
  ["rejected", (id: string): [number, string, ...unknown[]] => [4, id, "InternalError", "", {}]],
])("%s: the old key stays, the new one is worth nothing", async (expected, reply) => {
  const { charger, status } = await rotated(reply);
  expect(status).toBe(expected);
  expect(await isGood(charger, NEW_KEY)).toBe(false);
  expect(await isGood(charger, KEY)).toBe(true);
});

test.each([
  [KEY, NEW_KEY],
  [NEW_KEY, KEY],
])("lost before an answer: unknown, and the next login decides which key is good", async (used, unused) => {
  const charger = await withKeyOfUnknownFate();
  expect(await isGood(charger, used)).toBe(true);
  expect(await isGood(charger, unused)).toBe(false);
});

test("offline: stored, and both keys are good until the first login with the new one", async () => {
  const charger = await provisioned();
  expect(await charger.session.rotateAuthorizationKey(charger.ref, NEW_KEY)).toBe("stored");
  expect(await isGood(charger, KEY)).toBe(true);
  expect(await isGood(charger, NEW_KEY)).toBe(true);
  expect(await isGood(charger, KEY)).toBe(false);
});

const OTHER_KEY = "e".repeat(40);
const accept = (id: string): [number, string, ...unknown[]] => [3, id, { status: "Accepted" }];

test.each([
  [KEY, NEW_KEY],
  [NEW_KEY, KEY],
])("a rotation forgets no key of an earlier one that the station may have", async (used, dead) => {
  const charger = await withKeyOfUnknownFate();
  expect(await charger.session.rotateAuthorizationKey(charger.ref, OTHER_KEY)).toBe("stored");
  expect(await isGood(charger, used)).toBe(true);
  expect(await isGood(charger, dead)).toBe(false);
  // The later key never left: it waits for its own first login.
  expect(await isGood(charger, OTHER_KEY)).toBe(true);
  expect(await isGood(charger, used)).toBe(false);
});

test("two rotations at once: each key reaches the station, and the one it took last is the only good one", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const rotations = [NEW_KEY, OTHER_KEY].map((key) =>
    charger.session.rotateAuthorizationKey(charger.ref, key),
  );
  const sent: unknown[] = [];
  for (const _ of rotations) {
    const [, id, , payload] = await station.nextCall();
    sent.push(payload);
    station.send(accept(id));
  }
  expect(sent).toEqual([NEW_KEY, OTHER_KEY].map((value) => ({ key: "AuthorizationKey", value })));
  expect(await Promise.all(rotations)).toEqual(["accepted", "accepted"]);
  expect(await isGood(charger, KEY)).toBe(false);
  expect(await isGood(charger, NEW_KEY)).toBe(false);
  expect(await isGood(charger, OTHER_KEY)).toBe(true);
});

test("a key that waits behind another command survives a login with the old one and is good once accepted", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const clearing = charger.session.command(charger.ref, { kind: "clearCache" }, 5_000);
  await station.nextCall();
  const rotating = charger.session.rotateAuthorizationKey(charger.ref, NEW_KEY);
  const successor = await StationDouble.connect(charger);
  expect((await clearing).kind).toBe("lost");
  const [, id] = await successor.nextCall();
  successor.send(accept(id));
  expect(await rotating).toBe("accepted");
  expect(await isGood(charger, KEY)).toBe(false);
  expect(await isGood(charger, NEW_KEY)).toBe(true);
});

test("a charger that is not provisioned here has no key to rotate", async () => {
  const charger = newCharger();
  expect(await charger.session.rotateAuthorizationKey(charger.ref, NEW_KEY)).toBeNull();
});

test("a rotation is unknown if the session crashes while the key is sent, and the next login decides", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const sessions = durableSessions(readEnv(env as RawEnv));
  const rotating = sessions.rotateAuthorizationKey(charger.ref, NEW_KEY);
  await station.nextCall();
  await inObject(charger, (_instance, state) => state.abort("a new release")).catch(() => {});
  expect(await rotating).toBe("unknown");
  expect(await isGood(charger, NEW_KEY)).toBe(true);
  expect(await isGood(charger, KEY)).toBe(false);
});

test("the key never appears in the frame log", async () => {
  const { charger } = await rotated((id) => [3, id, { status: "Accepted" }]);
  const log = await charger.session.frames(charger.ref, {
    startMs: null,
    endMs: null,
    action: null,
    limit: 100,
    offset: 0,
  });
  expect(JSON.stringify(log)).not.toContain(NEW_KEY);
  expect(log?.rows.find(({ message }) => message.includes('"key":"AuthorizationKey"'))?.message).toContain(
    "***",
  );
});
