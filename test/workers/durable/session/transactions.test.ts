import { evictDurableObject } from "cloudflare:test";
import { beforeEach, expect, test, vi } from "vitest";
import { DatabaseDouble } from "./database-double.ts";
import {
  allocatorAt,
  type Charger,
  type Frame,
  inObject,
  provisioned,
  StationDouble,
} from "./station-double.ts";

let database: DatabaseDouble;
beforeEach(() => {
  database = new DatabaseDouble();
});

const STARTED = "2026-05-01T10:00:00Z";
const start = (changed: object = {}) => ({
  connectorId: 1,
  idTag: "TAG-1",
  meterStart: 1000,
  timestamp: STARTED,
  ...changed,
});
const stop = (transactionId: number, changed: object = {}) => ({
  transactionId,
  meterStop: 15_000,
  timestamp: "2026-05-01T11:00:00Z",
  ...changed,
});
const sample = (value: string, timestamp = "2026-05-01T10:30:00Z") => ({
  timestamp,
  sampledValue: [{ value, unit: "kWh" }],
});

function idOf(answer: Frame): number {
  const { transactionId } = answer[2] as { transactionId: number };
  expect(Number.isInteger(transactionId)).toBe(true);
  return transactionId;
}

/** The newest state of each transaction that Postgres was told. */
async function told(charger: Charger) {
  await inObject(charger, (instance) => instance.alarm());
  const facts = database.flushes.flat().filter((fact) => fact.charger_id === charger.ref.chargerId);
  const newest = new Map<unknown, (typeof facts)[number]>();
  for (const fact of facts) {
    const before = newest.get(fact.transaction_id);
    if (fact.revision !== undefined && (!before || Number(before.revision) < Number(fact.revision)))
      newest.set(fact.transaction_id, fact);
  }
  return [...newest.values()];
}

test("a transaction is written to Postgres from its start over its meter values to its end", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const id = idOf(await station.call("StartTransaction", start()));
  expect(await told(charger)).toMatchObject([
    { id: expect.stringMatching(/^txn_/), transaction_id: id, status: "in_progress", meter_start_wh: 1000 },
  ]);
  const running = async () => (await charger.session.snapshot(charger.ref))?.transactions;
  expect(await running()).toEqual([{ transactionId: id, evseId: 1 }]);
  await station.call("MeterValues", { connectorId: 1, transactionId: id, meterValue: [sample("8.5")] });
  expect(await told(charger)).toMatchObject([{ last_meter_wh: 8500, meter_stop_wh: null }]);
  const answer = await station.call("StopTransaction", stop(id, { reason: "EVDisconnected" }));
  expect(answer[2]).toEqual({});
  expect(await running()).toEqual([]);
  expect(await told(charger)).toMatchObject([
    {
      status: "completed",
      meter_stop_wh: 15_000,
      stop_reason: "EVDisconnected",
      evse_id: 1,
      id_tag: "TAG-1",
    },
  ]);
});

test("ids count from 1 in each organisation and are never given to two of its chargers", async () => {
  const organizationId = crypto.randomUUID();
  const first = await StationDouble.booted(await provisioned({ organizationId }));
  const second = await StationDouble.booted(await provisioned({ organizationId }));
  const foreign = await StationDouble.booted(await provisioned());
  const ids: number[] = [];
  for (let index = 0; index < 45; index++)
    ids.push(idOf(await first.call("StartTransaction", start({ meterStart: index }))));
  expect(new Set(ids).size).toBe(45);
  expect(ids.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  const other = idOf(await second.call("StartTransaction", start()));
  expect(ids).not.toContain(other);
  expect(idOf(await foreign.call("StartTransaction", start()))).toBe(1);
});

test("an allocator that lost its storage continues after the highest id in Postgres, not from 1", async () => {
  const organizationId = crypto.randomUUID();
  database.highestId = 900;
  const station = await StationDouble.booted(await provisioned({ organizationId }));
  expect(idOf(await station.call("StartTransaction", start()))).toBe(901);
});

test("an allocator whose storage is older than Postgres skips the ids that were assigned since", async () => {
  const organizationId = crypto.randomUUID();
  await allocatorAt(organizationId, 41);
  database.highestId = 900;
  const station = await StationDouble.booted(await provisioned({ organizationId }));
  expect(idOf(await station.call("StartTransaction", start()))).toBe(901);
});

test("with the database away an allocator without storage assigns no id, and one with storage continues", async () => {
  const [empty, known] = [crypto.randomUUID(), crypto.randomUUID()];
  await allocatorAt(known, 41);
  database.isDown = true;
  const [lost, kept] = [
    await StationDouble.booted(await provisioned({ organizationId: empty })),
    await StationDouble.booted(await provisioned({ organizationId: known })),
  ];
  expect((await lost.call("StartTransaction", start()))[2]).toBe("InternalError");
  expect(idOf(await kept.call("StartTransaction", start()))).toBe(41);
  database.isDown = false;
  database.highestId = 60;
  expect(idOf(await lost.call("StartTransaction", start()))).toBe(61);
});

test("while the allocator is unreachable a start is answered InternalError, and its retry gets a transaction", async () => {
  const organizationId = crypto.randomUUID();
  await allocatorAt(organizationId, 2 ** 31 - 5);
  const station = await StationDouble.booted(await provisioned({ organizationId }));
  expect(await station.call("StartTransaction", start())).toEqual([
    4,
    expect.any(String),
    "InternalError",
    "",
    {},
  ]);
  await allocatorAt(organizationId, 41);
  expect(idOf(await station.call("StartTransaction", start()))).toBe(41);
});

test("open transactions and unused ids survive evictions and reconnects", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const id = idOf(await station.call("StartTransaction", start()));
  await evictDurableObject(charger.stub, { webSockets: "close" });
  const again = await StationDouble.connect(charger);
  expect(idOf(await again.call("StartTransaction", start()))).toBe(id);
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
  expect(idOf(await again.call("StartTransaction", start({ connectorId: 2 })))).toBe(id + 1);
  await again.call("StopTransaction", stop(id));
  expect(await told(charger)).toMatchObject([{ status: "completed" }, { status: "in_progress" }]);
});

test("a repeated start is the same transaction, and a second stop changes nothing but is kept beside the first", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const id = idOf(await station.call("StartTransaction", start()));
  expect(idOf(await station.call("StartTransaction", start()))).toBe(id);
  await station.call("StopTransaction", stop(id));
  expect(idOf(await station.call("StartTransaction", start()))).toBe(id);
  await station.call("StopTransaction", stop(id));
  expect(await told(charger)).toMatchObject([{ meter_stop_wh: 15_000, stop_reason: "Local" }]);
  const facts = () => database.factsOf(charger.ref.chargerId);
  expect(facts().filter(({ name }) => name === "StopTransactionConflict")).toEqual([]);
  const other = stop(id, { meterStop: 99_000, reason: "Reboot" });
  expect((await station.call("StopTransaction", other))[0]).toBe(3);
  expect(await told(charger)).toMatchObject([{ meter_stop_wh: 15_000, stop_reason: "Local" }]);
  const told15 = { meterStopWh: 15_000, stoppedAt: "2026-05-01T11:00:00.000Z", stopReason: "Local" };
  const told99 = { ...told15, meterStopWh: 99_000, stopReason: "Reboot" };
  const kept = expect.objectContaining({ transaction_id: id, kept: told15, told: told99 });
  expect(facts()).toEqual(expect.arrayContaining([kept]));
  const [event] = facts().filter(({ name }) => name === "StopTransactionConflict");
  expect(event?.["tech_info"]).toMatch(
    /kept meterStop 15000 .*, Local; told later meterStop 99000 .*, Reboot$/,
  );
});

test("a station cannot touch the transaction of another one, and the attempt is noted", async () => {
  const organizationId = crypto.randomUUID();
  const victim = await provisioned({ organizationId });
  const thief = await provisioned({ organizationId });
  const id = idOf(await (await StationDouble.booted(victim)).call("StartTransaction", start()));
  const station = await StationDouble.booted(thief);
  expect((await station.call("StopTransaction", stop(id)))[0]).toBe(3);
  const values = { connectorId: 1, transactionId: id, meterValue: [sample("99")] };
  expect((await station.call("MeterValues", values))[0]).toBe(3);
  expect(await told(victim)).toMatchObject([{ status: "in_progress", last_meter_wh: null }]);
  expect(await told(thief)).toEqual([]);
  const facts = database.factsOf(thief.ref.chargerId);
  expect(facts.filter(({ source }) => source === "central")).toMatchObject([
    { name: "UnknownTransaction", tech_info: `transaction ${id}` },
    { name: "UnknownTransaction" },
  ]);
  expect(facts.filter(({ claimed_id }) => claimed_id === String(id))).toMatchObject([
    { transaction_id: null, energy_wh: 15_000, reason: "StopTransaction" },
    { transaction_id: null, energy_wh: 99_000, reason: "MeterValues" },
  ]);
});

test("a stop of no transaction keeps its meter, its reason and its tag, which the stop of a known one leaves to it", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const known = idOf(await station.call("StartTransaction", start()));
  const end = { reason: "EVDisconnected", idTag: "TAG-9", transactionData: [sample("15")] };
  await station.call("StopTransaction", stop(known, end));
  await station.call("StopTransaction", stop(known + 1000, end));
  await inObject(charger, (instance) => instance.alarm());
  const [own, orphan] = database
    .factsOf(charger.ref.chargerId)
    .filter((fact) => fact["reason"] === "StopTransaction");
  expect(own).toMatchObject({ transaction_id: known, claimed_id: null });
  expect([own?.["stop_reason"], own?.["id_tag"]]).toEqual([undefined, undefined]);
  expect(orphan).toMatchObject({
    transaction_id: null,
    claimed_id: String(known + 1000),
    energy_wh: 15_000,
    stop_reason: "EVDisconnected",
    id_tag: "TAG-9",
  });
});

test("a new start on the connector ends the lost one at its last meter value, and its late stop still counts", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const lost = idOf(await station.call("StartTransaction", start()));
  await station.call("MeterValues", { connectorId: 1, transactionId: lost, meterValue: [sample("7")] });
  await station.call("StartTransaction", start({ timestamp: "2026-05-01T12:00:00Z", meterStart: 9000 }));
  expect((await told(charger))[0]).toMatchObject({
    status: "completed",
    lost_stop: true,
    stop_reason: "Other",
    meter_stop_wh: 7000,
    stopped_at: "2026-05-01T12:00:00.000Z",
  });
  await station.call("StopTransaction", stop(lost, { meterStop: 8000, reason: "PowerLoss" }));
  expect((await told(charger))[0]).toMatchObject({
    lost_stop: false,
    stop_reason: "PowerLoss",
    meter_stop_wh: 8000,
    stopped_at: "2026-05-01T11:00:00.000Z",
  });
});

test("readings of a clock that was ahead do not hide those that come after it was set", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const id = idOf(await station.call("StartTransaction", start()));
  const readAt = (value: string, at: Date) =>
    station.call("MeterValues", {
      connectorId: 1,
      transactionId: id,
      meterValue: [sample(value, at.toISOString())],
    });
  await readAt("1", new Date(Date.now() + 20 * 60 * 60 * 1000));
  await readAt("2", new Date(Date.now() + 60 * 60 * 1000));
  expect(await told(charger)).toMatchObject([{ last_meter_wh: 2000 }]);
});

test("a stop with the unconfirmed id -1 ends the open transaction whose id the station never used", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const known = idOf(await station.call("StartTransaction", start({ connectorId: 2 })));
  const values = { connectorId: 2, transactionId: known, meterValue: [sample("5")] };
  await station.call("MeterValues", values);
  const unheard = idOf(await station.call("StartTransaction", start()));
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
  expect((await station.call("StopTransaction", stop(-1)))[0]).toBe(3);
  expect(await told(charger)).toMatchObject([
    { transaction_id: known, status: "in_progress" },
    { transaction_id: unheard, status: "completed", meter_stop_wh: 15_000 },
  ]);
});

test("a stop with the id -1 that is repeated under another message id is kept once", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const orphan = stop(-1, { meterStop: 7000 });
  await station.call("StopTransaction", orphan);
  await station.call("StartTransaction", start());
  await station.call("StopTransaction", stop(-1));
  await station.call("StartTransaction", start({ timestamp: "2026-05-01T12:00:00Z", meterStart: 15_000 }));
  for (const repeat of [orphan, stop(-1)]) expect((await station.call("StopTransaction", repeat))[0]).toBe(3);
  expect(await told(charger)).toMatchObject([
    { status: "completed", meter_stop_wh: 15_000 },
    { status: "in_progress" },
  ]);
  const orphans = database.factsOf(charger.ref.chargerId).filter(({ claimed_id }) => claimed_id === "-1");
  expect(orphans).toMatchObject([{ energy_wh: 7000 }]);
});

const event = (seqNo: number, eventType: string, changed: object = {}) => ({
  eventType,
  timestamp: new Date(Date.UTC(2026, 4, 1, 10, seqNo)).toISOString(),
  triggerReason: "Authorized",
  seqNo,
  transactionInfo: { transactionId: "T-1" },
  evse: { id: 1, connectorId: 1 },
  ...changed,
});

test("events of a 2.x transaction count once each and in any order", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger, { protocol: "ocpp2.0.1" });
  const stopped = { transactionInfo: { transactionId: "T-1", stoppedReason: "EVDisconnected" } };
  await station.call("TransactionEvent", event(2, "Ended", stopped));
  await station.call(
    "TransactionEvent",
    event(0, "Started", { idToken: { idToken: "A", type: "ISO14443" } }),
  );
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
  await station.call("TransactionEvent", event(1, "Updated"));
  const before = await told(charger);
  expect(before).toMatchObject([
    {
      ocpp_transaction_id: "T-1",
      status: "completed",
      started_at: "2026-05-01T10:00:00.000Z",
      stopped_at: "2026-05-01T10:02:00.000Z",
      stop_reason: "EVDisconnected",
      id_tag: "A",
    },
  ]);
  await station.call("TransactionEvent", event(1, "Updated"));
  await station.call("TransactionEvent", event(2, "Ended", stopped));
  expect(await told(charger)).toEqual(before);
});

test("facts from while the database is away wait in the object, survive an eviction, and are written once and in order", async () => {
  const organizationId = crypto.randomUUID();
  const charger = await provisioned({ organizationId });
  const station = await StationDouble.booted(charger);
  await vi.waitFor(() => {
    expect(database.asked).toEqual([organizationId]);
    expect(database.factsOf(charger.ref.chargerId)).toHaveLength(2);
  });
  database.isDown = true;
  database.flushes = [];
  const id = idOf(await station.call("StartTransaction", start()));
  for (let minute = 0; minute < 24; minute++) {
    const values = sample(String(minute), new Date(Date.UTC(2026, 4, 1, 10, minute)).toISOString());
    await station.call("MeterValues", { connectorId: 1, transactionId: id, meterValue: [values] });
    if (minute % 4 === 0) await inObject(charger, (instance) => instance.alarm());
  }
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
  await station.call("StopTransaction", stop(id));
  expect(station.closed).toBeNull();
  expect(database.factsOf(charger.ref.chargerId)).toEqual([]);
  database.isDown = false;
  expect(await told(charger)).toMatchObject([{ status: "completed", last_meter_wh: 23_000 }]);
  const values = database.factsOf(charger.ref.chargerId).filter(({ reason }) => reason === "MeterValues");
  expect(values.map(({ energy_wh }) => energy_wh)).toEqual(Array.from({ length: 24 }, (_, n) => n * 1000));
});

test("retiring a charger ends its open transaction at the last meter value", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const id = idOf(await station.call("StartTransaction", start()));
  await station.call("MeterValues", { connectorId: 1, transactionId: id, meterValue: [sample("5")] });
  await charger.session.retire(charger.ref);
  await vi.waitFor(() =>
    expect(database.factsOf(charger.ref.chargerId)).toContainEqual(
      expect.objectContaining({ status: "completed", stop_reason: "Other", meter_stop_wh: 5000 }),
    ),
  );
});

test("with the ids used up, events of a known 2.x transaction are still taken in", async () => {
  const organizationId = crypto.randomUUID();
  await allocatorAt(organizationId, 2 ** 31 - 20);
  const station = await StationDouble.booted(await provisioned({ organizationId }), {
    protocol: "ocpp2.0.1",
  });
  const begin = (id: string) => event(0, "Started", { transactionInfo: { transactionId: id } });
  for (let index = 0; index < 19; index++) await station.call("TransactionEvent", begin(`A-${index}`));
  expect((await station.call("TransactionEvent", event(0, "Started")))[0]).toBe(3);
  expect((await station.call("TransactionEvent", event(1, "Updated")))[0]).toBe(3);
  expect((await station.call("TransactionEvent", begin("B")))[2]).toBe("InternalError");
});
