import { beforeEach, expect, test } from "vitest";
import type { SettingsLease } from "../../../../../src/ports.ts";
import { DatabaseDouble } from "../database-double.ts";
import {
  type Charger,
  inObject,
  provisioned,
  shiftSocketTimes,
  StationDouble,
  untilOffline,
} from "../station-double.ts";

let database: DatabaseDouble;
beforeEach(() => {
  database = new DatabaseDouble();
});

const MINUTE_MS = 60_000;
const settledFor = { version: "ocpp1.6", firmwareVersion: "1.0" } as const;

/** A lease whose renewal is due, of a connection that is old enough. */
const dueLease = (): SettingsLease => ({
  version: "ocpp1.6",
  online: { name: "online", purpose: "txDefault", stackLevel: 1, limitA: 16, minA: 6, isLease: true },
  canSwitchPhases: false,
  renewAtMs: Date.now() - 1,
});

/** A connected station whose session was handed this lease a while ago. */
async function leased(lease: SettingsLease | null): Promise<{ charger: Charger; station: StationDouble }> {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  await charger.session.noteSettings(charger.ref, { revision: 1, settledFor, lease });
  await agedConnection(charger);
  return { charger, station };
}

const agedConnection = (charger: Charger) =>
  shiftSocketTimes(charger, ({ connectedAtMs }) => ({ connectedAtMs: connectedAtMs - MINUTE_MS }));

const ring = (charger: Charger) => inObject(charger, (instance) => instance.alarm());
const leaseOf = (charger: Charger) =>
  inObject(
    charger,
    (_instance, { storage }) => storage.kv.get<{ lease: SettingsLease | null }>("record")?.lease,
  );

function profileIn(payload: Record<string, unknown>) {
  return payload["csChargingProfiles"] as Record<string, unknown>;
}

test("the alarm renews a lease for half an hour, adds a fact, and fires again ten minutes later", async () => {
  const { charger, station } = await leased(dueLease());
  const beganAtMs = Date.now();
  await ring(charger);
  const [, id, action, payload] = await station.nextCall();
  expect([action, profileIn(payload)]).toMatchObject([
    "SetChargingProfile",
    { chargingProfileId: 9003, stackLevel: 1, chargingProfilePurpose: "TxDefaultProfile" },
  ]);
  const minutesLeft = (Date.parse(String(profileIn(payload)["validTo"])) - beganAtMs) / MINUTE_MS;
  expect(Math.round(minutesLeft)).toBe(30);
  station.send([3, id, { status: "Accepted" }]);
  await expect
    .poll(async () => ((await leaseOf(charger))?.renewAtMs ?? 0) - beganAtMs)
    .toBeGreaterThan(9 * MINUTE_MS);
  await ring(charger);
  await expect.poll(() => database.flushes.flat().some((row) => "until_ms" in row)).toBe(true);
  await station.call("Heartbeat", {});
  const alarmAtMs = await inObject(charger, (_instance, { storage }) => storage.getAlarm());
  expect((alarmAtMs ?? 0) - beganAtMs).toBeLessThan(11 * MINUTE_MS);
  expect(station.frames.filter(([type, , name]) => type === 2 && name === "SetChargingProfile")).toHaveLength(
    1,
  );
});

test("a running transaction has its limit renewed with the lease", async () => {
  const { charger, station } = await leased(dueLease());
  const timestamp = new Date().toISOString();
  const begun = { connectorId: 1, idTag: "TAG", meterStart: 0, timestamp };
  const [, , started] = await station.call("StartTransaction", begun);
  await ring(charger);
  const [, id] = await station.nextCall();
  station.send([3, id, { status: "Accepted" }]);
  const [, , , payload] = await station.nextCall();
  const { transactionId } = started as { transactionId: number };
  expect(payload).toMatchObject({
    connectorId: 1,
    csChargingProfiles: { chargingProfileId: 9101, transactionId },
  });
});

test("nothing is renewed before its time, without a lease, with a wrong clock, or while newer settings wait", async () => {
  const early = await leased({ ...dueLease(), renewAtMs: Date.now() + MINUTE_MS });
  const none = await leased(null);
  const skewed = await leased(dueLease());
  await skewed.station.call("StatusNotification", {
    connectorId: 1,
    errorCode: "NoError",
    status: "Available",
    timestamp: new Date(Date.now() + 5 * MINUTE_MS).toISOString(),
  });
  const waiting = await leased(dueLease());
  await waiting.charger.session.noteSettings(waiting.charger.ref, {
    revision: 2,
    settledFor: null,
    lease: null,
  });
  for (const { charger, station } of [early, none, skewed, waiting]) {
    await ring(charger);
    await station.call("Heartbeat", {});
    expect(station.frames.filter(([type]) => type === 2)).toEqual([]);
  }
  expect(await leaseOf(skewed.charger)).toBeNull();
});

test("a refused renewal is left to a run, and one that is not answered is tried again", async () => {
  const refused = await leased(dueLease());
  await ring(refused.charger);
  const [, id] = await refused.station.nextCall();
  refused.station.send([3, id, { status: "Rejected" }]);
  await expect.poll(() => leaseOf(refused.charger)).toBeNull();

  const lost = await leased(dueLease());
  await ring(lost.charger);
  await lost.station.nextCall();
  lost.station.socket.close(1000, "gone");
  await untilOffline(lost.charger);
  await StationDouble.connect(lost.charger);
  const lease = await leaseOf(lost.charger);
  expect(Math.round(((lease?.renewAtMs ?? 0) - Date.now()) / MINUTE_MS)).toBe(1);
});
