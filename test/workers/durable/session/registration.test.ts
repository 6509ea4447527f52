import { evictDurableObject } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import { DatabaseDouble } from "./database-double.ts";
import { provisioned, StationDouble } from "./station-double.ts";

beforeEach(() => {
  new DatabaseDouble();
});

const securityError = [4, expect.any(String), "SecurityError", expect.any(String), {}];

test.each([
  ["Accepted", 300],
  ["Pending", 60],
  ["Rejected", 600],
] as const)(
  "answers a boot with the stored registration %s and an interval of %i s",
  async (status, interval) => {
    const station = await StationDouble.connect(await provisioned({ registrationStatus: status }));
    const [type, , answer] = await station.boot();
    expect([type, answer]).toEqual([
      3,
      { status, interval, currentTime: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/) },
    ]);
  },
);

test.each(["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])(
  "serves boot, heartbeat and status on %s",
  async (protocol) => {
    const charger = await provisioned();
    const station = await StationDouble.booted(charger, { protocol });
    expect((await station.call("Heartbeat", {}))[0]).toBe(3);
    const status =
      protocol === "ocpp1.6"
        ? { connectorId: 1, errorCode: "NoError", status: "Available" }
        : { evseId: 1, connectorId: 1, connectorStatus: "Available", timestamp: new Date().toISOString() };
    expect((await station.call("StatusNotification", status))[0]).toBe(3);
    const { connectors, ...snapshot } = (await charger.session.snapshot(charger.ref)) ?? { connectors: [] };
    expect(snapshot).toMatchObject({ online: true, version: protocol, vendor: "V1", model: "M1" });
    expect(connectors).toEqual([
      {
        evseId: 1,
        connectorId: 1,
        status: "Available",
        errorCode: "NoError",
        updatedAtMs: expect.any(Number),
      },
    ]);
  },
);

test("refuses everything but a boot before the first boot, and keeps the socket", async () => {
  const station = await StationDouble.connect(await provisioned());
  expect(await station.call("Heartbeat", {})).toEqual(securityError);
  expect((await station.boot())[0]).toBe(3);
  expect((await station.call("Heartbeat", {}))[0]).toBe(3);
});

test("a reconnect without a boot keeps the registration, also after an eviction", async () => {
  const charger = await provisioned();
  const first = await StationDouble.booted(charger);
  first.socket.close(1000, "bye");
  await evictDurableObject(charger.stub);
  const second = await StationDouble.connect(charger);
  expect((await second.call("Heartbeat", {}))[0]).toBe(3);
});

test("a pending registration and what was triggered under it survive an eviction", async () => {
  const charger = await provisioned({ registrationStatus: "Pending" });
  const station = await StationDouble.booted(charger);
  expect(await station.call("StatusNotification", {})).toEqual(securityError);
  const trigger = { kind: "trigger", requestedMessage: "Heartbeat" } as const;
  const outcome = charger.session.command(charger.ref, trigger, 5000);
  const [, id] = await station.nextCall();
  station.send([3, id, { status: "Accepted" }]);
  expect(await outcome).toMatchObject({ kind: "answered" });
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
  expect((await station.call("Heartbeat", {}))[0]).toBe(3);
  expect(await station.call("StatusNotification", {})).toEqual(securityError);
});

test("admits no transaction command while pending and no command at all while rejected or never booted", async () => {
  const start = { kind: "remoteStart", connectorId: 1, idTag: "A", remoteStartId: 1 } as const;
  const pending = await provisioned({ registrationStatus: "Pending" });
  await StationDouble.booted(pending);
  expect(await pending.session.command(pending.ref, start, 1000)).toEqual({ kind: "notAccepted" });
  const rejected = await provisioned({ registrationStatus: "Rejected" });
  await StationDouble.booted(rejected);
  expect(await rejected.session.command(rejected.ref, { kind: "clearCache" }, 1000)).toEqual({
    kind: "notAccepted",
  });
  const silent = await provisioned();
  await StationDouble.connect(silent);
  expect(await silent.session.command(silent.ref, { kind: "clearCache" }, 1000)).toEqual({
    kind: "notAccepted",
  });
});

test("repeats the stored answer for a repeated message and handles the same id with another payload as a new message", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const faulted = { connectorId: 1, errorCode: "NoError", status: "Faulted" };
  const first = await station.call("StatusNotification", faulted, "same");
  await station.call("StatusNotification", { ...faulted, status: "Available" }, "other");
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
  expect(await station.call("StatusNotification", faulted, "same")).toEqual(first);
  expect((await charger.session.snapshot(charger.ref))?.connectors[0]?.status).toBe("Available");
  await station.call("StatusNotification", { ...faulted, status: "Reserved" }, "same");
  expect((await charger.session.snapshot(charger.ref))?.connectors[0]?.status).toBe("Reserved");
});

test("firmware that restarts its message counter at every boot gets current answers, and its statuses are stored", async () => {
  const charger = await provisioned({ registrationStatus: "Pending" });
  const station = await StationDouble.connect(charger);
  const boot = { chargePointVendor: "V1", chargePointModel: "M1" };
  const faulted = { connectorId: 1, errorCode: "NoError", status: "Faulted" };
  expect((await station.call("BootNotification", boot, "1"))[2]).toMatchObject({ status: "Pending" });
  await charger.session.setRegistration(charger.ref, "Accepted");
  expect((await station.call("BootNotification", boot, "1"))[2]).toMatchObject({ status: "Accepted" });
  await station.call("StatusNotification", faulted, "2");
  await station.call("StatusNotification", { ...faulted, status: "Available" }, "3");
  await station.call("BootNotification", boot, "1");
  await station.call("StatusNotification", faulted, "2");
  expect((await charger.session.snapshot(charger.ref))?.connectors[0]?.status).toBe("Faulted");
});

test("a station that never booted is asked to at most once a minute", async () => {
  const charger = await provisioned();
  const station = await StationDouble.connect(charger);
  const ask = () =>
    charger.session.command(charger.ref, { kind: "trigger", requestedMessage: "BootNotification" }, 5000);
  const first = ask();
  const [, id] = await station.nextCall();
  station.send([3, id, { status: "Accepted" }]);
  expect((await first).kind).toBe("answered");
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
  expect(await ask()).toEqual({ kind: "notAccepted" });
  await station.boot();
  const later = ask();
  const [, laterId] = await station.nextCall();
  station.send([3, laterId, { status: "Rejected" }]);
  expect((await later).kind).toBe("answered");
});

test("a wrong clock is known from a status on, over evictions too, until the station says the right time or boots", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const report = (offMs: number) =>
    station.call("StatusNotification", {
      connectorId: 1,
      errorCode: "NoError",
      status: "Available",
      timestamp: new Date(Date.now() + offMs).toISOString(),
    });
  const clockOffMs = async () => (await charger.session.snapshot(charger.ref))?.clockOffMs;
  await report(0);
  expect(await clockOffMs()).toBe(0);
  await report(600_000);
  await evictDurableObject(charger.stub);
  expect(Math.round(Number(await clockOffMs()) / 60_000)).toBe(10);
  await report(-5000);
  expect(await clockOffMs()).toBe(0);
  await report(-600_000);
  expect(Math.round(Number(await clockOffMs()) / 60_000)).toBe(-10);
  await station.boot();
  expect(await clockOffMs()).toBe(0);
});
