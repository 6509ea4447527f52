import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { ReservationFact, SessionFact, TransactionFact } from "../../../src/ports.ts";
import { openDatabase, type Database } from "../../harness/database.ts";
import { at, ENDED, HOUR_MS, reading, registered, transaction as transactionOf } from "./event-scene.ts";

let db: Database;
beforeAll(async () => {
  // Of a server that is shared, transactions of other tests hold up the feed.
  db = await openDatabase({ isShared: false });
});
/** Part of the ids of transactions and reservations of a test, which are unique in all organisations. */
let mark = "";
beforeEach(() => {
  mark = crypto.randomUUID();
});
afterAll(() => db.close());

const NOW = HOUR_MS;

const boot: SessionFact = {
  type: "boot",
  vendor: "ABB",
  model: "Terra",
  serialNumber: "7",
  firmwareVersion: "1.0",
  registrationStatus: "Accepted",
};
const connector = (status: string, errorCode = "NoError", evseId = 1): SessionFact => ({
  type: "connector",
  evseId,
  connectorId: 1,
  status,
  errorCode,
});

const transaction = (changed: Partial<TransactionFact> = {}) => transactionOf(`txn_1${mark}`, changed);

test("a boot is one event, with what it was answered", async () => {
  const { apply, events } = await registered(db);
  await apply(1, NOW, boot);
  await apply(1, NOW, boot);
  await apply(1, NOW + 1000, { ...boot, serialNumber: null, registrationStatus: "Pending" });
  const data = {
    chargeBoxId: "CP-1",
    vendor: "ABB",
    model: "Terra",
    serialNumber: "7",
    firmwareVersion: "1.0",
    registrationStatus: "Accepted",
  };
  expect(await events()).toEqual([
    { event: "charger.boot", timestamp: at(0), data },
    {
      event: "charger.boot",
      timestamp: at(1),
      data: { ...data, serialNumber: null, registrationStatus: "Pending" },
    },
  ]);
});

test("a boot that an older release stored has no answer", async () => {
  const { apply, events } = await registered(db);
  const { registrationStatus: _answer, ...older } = boot as Extract<SessionFact, { type: "boot" }>;
  await apply(1, NOW, older);
  expect(await events()).toMatchObject([{ data: { registrationStatus: null } }]);
});

test("each change of a connector is an event with what it was before, within a flush and after it", async () => {
  const { apply, events } = await registered(db);
  await apply(1, NOW, connector("Available"));
  const flush = () =>
    apply(
      1,
      NOW + 1000,
      connector("Available"),
      connector("Preparing"),
      connector("Preparing", "NoError", 2),
      connector("Faulted", "GroundFailure"),
    );
  await flush();
  await flush();
  await apply(1, NOW + 2000, connector("Faulted", "GroundFailure"));
  await apply(1, NOW + 3000, connector("Faulted", "OverVoltage"));
  // Older than what is stored.
  await apply(1, NOW + 2500, connector("Available"));
  const changes = (await events()).map(({ event, timestamp, data }) => {
    const { connectorId, status, previousStatus, errorCode } = data;
    return [event, timestamp, connectorId, previousStatus, status, errorCode];
  });
  const changed = "connector.status_changed";
  expect(changes).toEqual([
    [changed, at(0), 1, null, "Available", "NoError"],
    [changed, at(1), 1, "Available", "Preparing", "NoError"],
    [changed, at(1), 2, null, "Preparing", "NoError"],
    [changed, at(1), 1, "Preparing", "Faulted", "GroundFailure"],
    [changed, at(3), 1, "Faulted", "Faulted", "OverVoltage"],
  ]);
});

test("a reservation has an event for each of its states", async () => {
  const { apply, events } = await registered(db);
  const reservation = (changed: Partial<ReservationFact>): SessionFact => ({
    type: "reservation",
    id: `rsv_1${mark}`,
    reservationId: 7,
    evseId: 1,
    idTag: "USER123",
    groupId: null,
    status: "active",
    transactionId: null,
    expiresAt: at(900),
    createdAt: at(0),
    revision: 0,
    ...changed,
  });
  for (let round = 0; round < 2; round += 1) {
    await apply(1, NOW, reservation({}));
    await apply(1, NOW + 5000, reservation({ status: "used", transactionId: 12345, revision: 3 }));
    for (const [n, status] of (["cancelled", "expired", "removed"] as const).entries())
      await apply(1, NOW + 6000 + n * 1000, reservation({ id: `rsv_${status}${mark}`, status, revision: 2 }));
  }
  const data = {
    chargeBoxId: "CP-1",
    id: `rsv_1${mark}`,
    reservationId: 7,
    connectorId: 1,
    idTag: "USER123",
    expiresAt: at(900),
    transactionId: null,
  };
  const all = await events();
  expect(all.slice(0, 2)).toEqual([
    { event: "reservation.created", timestamp: at(0), data },
    { event: "reservation.used", timestamp: at(5), data: { ...data, transactionId: 12345 } },
  ]);
  expect(all.slice(2).map(({ event, timestamp }) => [event, timestamp])).toEqual([
    ["reservation.created", at(0)],
    ["reservation.cancelled", at(6)],
    ["reservation.created", at(0)],
    ["reservation.expired", at(7)],
    ["reservation.created", at(0)],
    ["reservation.removed", at(8)],
  ]);
});

test("each new status of a firmware update or an upload is an event", async () => {
  const { apply, events } = await registered(db);
  const status = (job: "firmware" | "published_firmware" | "diagnostics", word: string, requestId = 1) =>
    ({ type: "jobStatus", job, status: word, requestId }) as const;
  for (let round = 0; round < 2; round += 1) {
    await apply(1, NOW, status("firmware", "Downloading"), status("firmware", "Downloading"));
    await apply(1, NOW + 1000, status("firmware", "Downloaded"), status("diagnostics", "Uploading"));
    await apply(
      1,
      NOW + 2000,
      status("firmware", "Downloaded", 2),
      status("published_firmware", "Published"),
    );
  }
  const shown = (await events()).map(({ event, timestamp, data }) => {
    const { status: word, requestId, published } = data;
    return [event, timestamp, word, requestId, published];
  });
  expect(shown).toEqual([
    ["firmware.status_changed", at(0), "Downloading", 1, false],
    ["firmware.status_changed", at(1), "Downloaded", 1, false],
    ["diagnostics.status_changed", at(1), "Uploading", 1, undefined],
    ["firmware.status_changed", at(2), "Downloaded", 2, false],
    ["firmware.status_changed", at(2), "Published", 1, true],
  ]);
});

test("a received vendor message is an event, and a sent one is none", async () => {
  const { apply, events } = await registered(db);
  const transfer = (direction: "incoming" | "outgoing"): SessionFact => ({
    type: "dataTransfer",
    id: `dt_${direction}${mark}`,
    direction,
    vendorId: "com.example",
    messageId: null,
    data: '{"level":3}',
    responseStatus: "Accepted",
    responseData: null,
    error: null,
  });
  for (let round = 0; round < 2; round += 1) await apply(1, NOW, transfer("incoming"), transfer("outgoing"));
  expect(await events()).toEqual([
    {
      event: "data_transfer.received",
      timestamp: at(0),
      data: { chargeBoxId: "CP-1", vendorId: "com.example", messageId: null, data: '{"level":3}' },
    },
  ]);
});

test("a security event is an event of its own, however often it is sent", async () => {
  const { apply, events } = await registered(db);
  const told: SessionFact = {
    type: "securityEvent",
    id: null,
    source: "station",
    name: "TamperDetectionActivated",
    techInfo: "lid",
    at: at(3),
  };
  for (let round = 0; round < 2; round += 1) await apply(1, NOW, told, told);
  expect(await events()).toEqual([
    {
      event: "security.event",
      timestamp: at(3),
      data: { chargeBoxId: "CP-1", source: "station", type: "TamperDetectionActivated", techInfo: "lid" },
    },
  ]);
});

test("a flush tells of all events that its statements stored, and of none that was known", async () => {
  const { apply, events, told } = await registered(db);
  const flush = () => apply(1, NOW, transaction({ ...ENDED }), reading(5), boot, connector("Available"));
  await flush();
  expect(told.map(({ type }) => type)).toEqual((await events()).map(({ event }) => event));
  expect(told).toHaveLength(5);
  await flush();
  expect(told).toHaveLength(5);
});

test("facts of a flush with events take as many statements as without", async () => {
  const { apply } = await registered(db);
  const write = vi.spyOn(db.sql, "write");
  await apply(1, NOW, boot, connector("Available"));
  expect(write).toHaveBeenCalledTimes(1);
  await apply(1, NOW, transaction(), reading(5), connector("Charging"));
  expect(write).toHaveBeenCalledTimes(4);
  write.mockRestore();
});
