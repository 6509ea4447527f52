import { evictDurableObject } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import { DatabaseDouble } from "./database-double.ts";
import { provisioned, StationDouble } from "./station-double.ts";

beforeEach(() => {
  new DatabaseDouble();
});

const statusOf = (frame: unknown[]) => (frame[2] as { status: string }).status;

test.each(["ocpp1.6", "ocpp2.0.1"])(
  "a waiting station on %s is asked to boot when it is accepted, and is accepted then",
  async (protocol) => {
    const charger = await provisioned({ registrationStatus: "Pending" });
    const station = await StationDouble.connect(charger, { protocol });
    expect(statusOf(await station.boot(protocol))).toBe("Pending");
    expect((await station.call("Heartbeat", {}))[2]).toBe("SecurityError");
    await evictDurableObject(charger.stub, { webSockets: "hibernate" });
    expect(await charger.session.setRegistration(charger.ref, "Accepted")).toBe(true);
    const [, id, action, payload] = await station.nextCall();
    expect([action, payload]).toEqual(["TriggerMessage", { requestedMessage: "BootNotification" }]);
    station.send([3, id, { status: "Accepted" }]);
    expect(statusOf(await station.boot(protocol))).toBe("Accepted");
    expect((await station.call("Heartbeat", {}))[0]).toBe(3);
  },
);

test.each(["Pending", "Rejected"] as const)(
  "an accepted station set to %s is told nothing and stays accepted until its next boot",
  async (status) => {
    const charger = await provisioned();
    const station = await StationDouble.booted(charger);
    await charger.session.setRegistration(charger.ref, status);
    expect((await station.call("Heartbeat", {}))[0]).toBe(3);
    expect(station.frames.filter(([type]) => type === 2)).toEqual([]);
    expect(statusOf(await station.boot())).toBe(status);
    expect((await station.call("Heartbeat", {}))[2]).toBe("SecurityError");
  },
);

test("a state set while the station is away is the answer to its next boot, also after an eviction", async () => {
  const charger = await provisioned();
  expect(await charger.session.setRegistration(charger.ref, "Rejected")).toBe(true);
  await evictDurableObject(charger.stub);
  const station = await StationDouble.connect(charger);
  expect(statusOf(await station.boot())).toBe("Rejected");
});

test("the state of another charger cannot be set by mistake", async () => {
  const charger = await provisioned();
  const foreign = { ...charger.ref, chargerId: crypto.randomUUID() };
  expect(await charger.session.setRegistration(foreign, "Rejected")).toBe(false);
  expect(statusOf(await (await StationDouble.connect(charger)).boot())).toBe("Accepted");
});

test("a waiting station may send what we asked for ahead of its answer, and no longer once it refused", async () => {
  const charger = await provisioned({ registrationStatus: "Pending" });
  const station = await StationDouble.connect(charger);
  await station.boot();
  const status = { connectorId: 1, errorCode: "NoError", status: "Available" };
  const ask = () =>
    charger.session.command(charger.ref, { kind: "trigger", requestedMessage: "StatusNotification" }, 5000);
  const refused = ask();
  const [, first] = await station.nextCall();
  expect((await station.call("StatusNotification", status))[0]).toBe(3);
  station.send([3, first, { status: "Rejected" }]);
  expect((await refused).kind).toBe("answered");
  expect((await station.call("StatusNotification", { ...status, status: "Faulted" }))[2]).toBe(
    "SecurityError",
  );
  const failed = ask();
  const [, second] = await station.nextCall();
  station.send([4, second, "InternalError", "", {}]);
  expect((await failed).kind).toBe("stationError");
  expect((await station.call("StatusNotification", { ...status, status: "Faulted" }))[2]).toBe(
    "SecurityError",
  );
});
