import { evictDurableObject } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import { DatabaseDouble } from "./database-double.ts";
import {
  generationOf,
  inObject,
  provisioned,
  StationDouble,
  untilOffline,
  upgrade,
} from "./station-double.ts";

beforeEach(() => {
  new DatabaseDouble();
});

test("the newest socket wins, the old one is closed with 4001", async () => {
  const charger = await provisioned();
  const old = await StationDouble.booted(charger);
  const before = await generationOf(charger);
  const next = await StationDouble.connect(charger);
  expect(await old.untilClosed()).toEqual({ code: 4001, reason: "superseded" });
  expect((await next.call("Heartbeat", {}))[0]).toBe(3);
  expect(await charger.session.snapshot(charger.ref)).toMatchObject({ online: true });
  expect(await generationOf(charger)).toBeGreaterThan(before);
});

test("a late close of the old socket does not touch the new session", async () => {
  const charger = await provisioned();
  const old = await StationDouble.booted(charger);
  const before = await generationOf(charger);
  const next = await StationDouble.connect(charger);
  const after = await generationOf(charger);
  await old.untilClosed();
  const outcome = charger.session.command(charger.ref, { kind: "clearCache" }, 5000);
  const [, id] = await next.nextCall();
  await inObject(charger, (instance, state) => {
    const [stale] = state.getWebSockets(String(before));
    if (stale) {
      instance.webSocketClose(stale, 1006, "");
      instance.webSocketError(stale);
    }
  });
  old.socket.close(1000, "late");
  expect(await charger.session.snapshot(charger.ref)).toMatchObject({ online: true, generation: after });
  next.send([3, id, { status: "Accepted" }]);
  expect(await outcome).toMatchObject({ kind: "answered" });
});

test("what an old socket still sends is dropped", async () => {
  const charger = await provisioned();
  await StationDouble.booted(charger);
  const before = await generationOf(charger);
  const next = await StationDouble.connect(charger);
  await inObject(charger, async (instance, state) => {
    for (const socket of state.getWebSockets(String(before)))
      await instance.webSocketMessage(
        socket,
        '[2,"x","StatusNotification",{"connectorId":7,"errorCode":"NoError","status":"Faulted"}]',
      );
  });
  await next.call("Heartbeat", {});
  expect((await charger.session.snapshot(charger.ref))?.connectors).toEqual([]);
});

test("the sent command ends as superseded, the waiting ones go to the new socket in order and in its version", async () => {
  const charger = await provisioned();
  const old = await StationDouble.booted(charger);
  const onTheWire = charger.session.command(charger.ref, { kind: "clearCache" }, 10_000);
  await old.nextCall();
  const waiting = [
    charger.session.command(charger.ref, { kind: "reset", type: "Soft" }, 10_000),
    charger.session.command(charger.ref, { kind: "unlock", connectorId: 3 }, 10_000),
  ];
  const next = await StationDouble.connect(charger, { protocol: "ocpp2.0.1" });
  expect(await onTheWire).toEqual({ kind: "lost", sent: true, reason: "superseded" });
  const [, firstId, ...first] = await next.nextCall();
  expect(first).toEqual(["Reset", { type: "OnIdle" }]);
  next.send([3, firstId, { status: "Scheduled" }]);
  const [, secondId, ...second] = await next.nextCall();
  expect(second).toEqual(["UnlockConnector", { evseId: 3, connectorId: 1 }]);
  next.send([3, secondId, { status: "Unlocked" }]);
  expect((await Promise.all(waiting)).map((outcome) => outcome.kind)).toEqual(["answered", "answered"]);
});

test("an answer to the old socket's call is not taken from the new one", async () => {
  const charger = await provisioned();
  const old = await StationDouble.booted(charger);
  const lost = charger.session.command(charger.ref, { kind: "clearCache" }, 10_000);
  const [, id] = await old.nextCall();
  const next = await StationDouble.connect(charger);
  expect((await lost).kind).toBe("lost");
  const command = charger.session.command(charger.ref, { kind: "clearCache" }, 10_000);
  const [, nextId] = await next.nextCall();
  next.send([3, id, { status: "Rejected" }]);
  next.send([3, nextId, { status: "Accepted" }]);
  expect(await command).toMatchObject({ kind: "answered", answer: { status: "accepted" } });
});

test("an identity with too many takeovers is quarantined: 429 with Retry-After, and its open socket stays", async () => {
  const charger = await provisioned();
  let station = await StationDouble.booted(charger);
  for (let takeover = 0; takeover < 61; takeover++) station = await StationDouble.connect(charger);
  const refused = await upgrade(charger);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(3000);
  expect((await station.call("Heartbeat", {}))[0]).toBe(3);
});

test("reconnects after clean closes are no takeovers", async () => {
  const charger = await provisioned();
  for (let reconnect = 0; reconnect < 65; reconnect++) {
    const station = await StationDouble.connect(charger);
    station.socket.close(1000, "bye");
    await untilOffline(charger);
  }
  expect((await upgrade(charger)).status).toBe(101);
});

test("a socket survives hibernation and answers at once", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
  expect((await station.call("Heartbeat", {}))[0]).toBe(3);
  const outcome = charger.session.command(charger.ref, { kind: "clearCache" }, 5000);
  const [, id] = await station.nextCall();
  station.send([3, id, { status: "Accepted" }]);
  expect(await outcome).toMatchObject({ kind: "answered" });
});
