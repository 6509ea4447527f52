import { afterAll, beforeAll, expect, test } from "vitest";
import type { MeterValuesFact, SecurityEventFact, SessionFact, TransactionFact } from "../../../src/ports.ts";
import { stationHistory } from "../../../src/store/station-history.ts";
import { tagPolicies } from "../../../src/store/organizations.ts";
import { openDatabase, type Database } from "../../harness/database.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase();
});
afterAll(() => db.close());

const RECORD = { status: 201, body: "{}", headers: {} };
const T0 = Date.UTC(2026, 4, 1, 10);
const at = (minutes: number) => new Date(T0 + minutes * 60_000).toISOString();

async function charger(organization?: Awaited<ReturnType<Database["tenant"]>>["organization"]) {
  const owner = organization ?? (await db.tenant()).organization;
  const id = crypto.randomUUID();
  const identity = `CP-${id.slice(0, 8)}`;
  const row = { id, identity, name: null, location: null, securityProfile: 2 as const, now: new Date(T0) };
  await db.stores.chargers.register(owner, row, null, RECORD);
  const applyAt = (time: string, ...facts: SessionFact[]) =>
    db.stores.chargers.applySessionFacts(
      facts.map((fact) => ({ chargerId: id, generation: 1, atMs: Date.parse(time), fact })),
    );
  const apply = (...facts: SessionFact[]) => applyAt(at(0), ...facts);
  const rows = (table: string) =>
    db.sql(`SELECT * FROM ${table} WHERE charger_id = $1::uuid ORDER BY 1`, [id]);
  return { organization: owner, id, identity, apply, applyAt, rows };
}

const transaction = (changed: Partial<TransactionFact> = {}): SessionFact => ({
  type: "transaction",
  id: `txn_${crypto.randomUUID()}`,
  transactionId: 7,
  ocppTransactionId: null,
  evseId: 1,
  connectorId: 1,
  idTag: "TAG",
  status: "in_progress",
  meterStartWh: 1000,
  meterStopWh: null,
  meterOffsetWh: 0,
  lastMeterWh: null,
  startedAt: at(0),
  stoppedAt: null,
  stopReason: null,
  remoteStarted: false,
  lostStop: false,
  revision: 1,
  ...changed,
});
const ended = { status: "completed", meterStopWh: 15_000, stoppedAt: at(60), stopReason: "Local" } as const;

const meterValues = (changed: Partial<MeterValuesFact> = {}) => ({
  type: "meterValues" as const,
  transactionId: null,
  claimedId: null,
  evseId: 1,
  reason: "MeterValues",
  energyWh: 1,
  values: [{ timestamp: at(5), sampledValue: [{ value: "1" }] }],
  at: at(5),
  ...changed,
});

const securityEvent = (name: string, changed: Partial<SecurityEventFact> = {}) => ({
  type: "securityEvent" as const,
  id: crypto.randomUUID(),
  source: "station" as const,
  name,
  techInfo: null,
  at: at(5),
  ...changed,
});

const stationEvent = (action: string, time = at(5)) => ({
  type: "stationEvent" as const,
  action,
  payload: { eventData: [{ actualValue: "80" }] },
  at: time,
});

const dataTransfer = (vendorId: string) => ({
  type: "dataTransfer" as const,
  id: `dt_${crypto.randomUUID()}`,
  direction: "outgoing" as const,
  vendorId,
  messageId: null,
  data: "\u001b[31m",
  responseStatus: null,
  responseData: null,
  error: "timeout" as const,
});

test("a transaction is written once and ends, also when its facts are repeated", async () => {
  const { apply, rows, organization } = await charger();
  const id = "txn_1";
  const begun = transaction({ id });
  const end = transaction({ ...ended, id, revision: 3 });
  for (let round = 0; round < 2; round++)
    await apply(begun, transaction({ id, revision: 2, lastMeterWh: 5000 }), end);
  expect(await rows("transactions")).toMatchObject([
    {
      organization_id: organization.id,
      transaction_id: 7,
      status: "completed",
      meter_stop_wh: "15000",
      stop_reason: "Local",
      stopped_at: new Date(T0 + 3_600_000),
      revision: 3,
    },
  ]);
});

test("an older revision never overwrites a newer one", async () => {
  const { apply, rows } = await charger();
  await apply(transaction({ ...ended, id: "txn_2", revision: 3 }));
  await apply(transaction({ id: "txn_2", revision: 2 }));
  expect(await rows("transactions")).toMatchObject([{ status: "completed", revision: 3 }]);
});

test("two organisations may use the same number", async () => {
  const [one, two] = [await charger(), await charger()];
  await one.apply(transaction());
  await two.apply(transaction());
  expect([await one.rows("transactions"), await two.rows("transactions")].map((rows) => rows.length)).toEqual(
    [1, 1],
  );
});

test("facts of a deleted charger are stored", async () => {
  const { apply, rows, organization, id } = await charger();
  await db.stores.chargers.remove(
    organization.id,
    { locationId: null, chargerIds: [id] },
    crypto.randomUUID(),
    new Date(),
  );
  await apply(transaction(ended));
  expect(await rows("transactions")).toMatchObject([{ status: "completed" }]);
});

test("meter values, security events and vendor messages are written once each", async () => {
  const { apply, rows } = await charger();
  const values = meterValues({
    claimedId: "9",
    evseId: 4_000_000_000,
    energyWh: Number.MAX_SAFE_INTEGER,
  });
  const event = securityEvent("UnknownTransaction", { source: "central", techInfo: "transaction 9" });
  const transfer = dataTransfer("V");
  for (let round = 0; round < 2; round++) await apply(values, event, transfer);
  expect(await rows("meter_values")).toMatchObject([
    { claimed_id: "9", evse_id: 2 ** 31 - 1, values: [{ sampledValue: [{ value: "1" }] }] },
  ]);
  expect(await rows("security_events")).toMatchObject([{ source: "central", tech_info: "transaction 9" }]);
  expect(await rows("data_transfers")).toMatchObject([{ error: "timeout", data: "\u001b[31m" }]);
});

test("meter values that a station repeats are one row, however late and in whatever order of fields", async () => {
  const { apply, applyAt, rows } = await charger();
  const sample = { value: "1", context: "Sample.Periodic", phase: "L1" };
  const told = meterValues({ values: [{ timestamp: at(5), sampledValue: [sample] }] });
  const turned = {
    sampledValue: [{ phase: "L1", context: "Sample.Periodic", value: "1" }],
    timestamp: at(5),
  };
  await apply(told, told);
  await applyAt(at(60), told, meterValues({ values: [turned], at: at(60) }));
  expect(await rows("meter_values")).toMatchObject([{ at: new Date(at(5)), received_at: new Date(at(0)) }]);
});

test("meter values that differ in anything are separate rows", async () => {
  const { apply, rows } = await charger();
  const other = await charger();
  const changes: Partial<MeterValuesFact>[] = [
    {},
    { values: [{ timestamp: at(6), sampledValue: [{ value: "1" }] }] },
    { values: [{ timestamp: at(5), sampledValue: [{ value: "1", phase: "L2" }] }] },
    { evseId: 2 },
    { transactionId: 7 },
    { claimedId: "7" },
    { reason: "MeterValueClock" },
  ];
  await apply(...changes.map(meterValues));
  await other.apply(meterValues());
  expect(await rows("meter_values")).toHaveLength(changes.length);
  expect(await other.rows("meter_values")).toHaveLength(1);
});

test("values without times of their own are distinguished by the time of their message", async () => {
  const { apply, rows } = await charger();
  const untimed = (minutes: number) => meterValues({ values: [{ sampledValue: [] }], at: at(minutes) });
  await apply(untimed(1), untimed(2), untimed(2));
  expect(await rows("meter_values")).toHaveLength(2);
});

test("a repeated stop of no transaction is one row and one security event, and a station's own events all count", async () => {
  const { apply, applyAt, rows } = await charger();
  const end = { stopReason: "EVDisconnected", idTag: "TAG" };
  const orphan = meterValues({ claimedId: "9", evseId: null, reason: "StopTransaction", ...end, values: [] });
  const noticed = securityEvent("UnknownTransaction", {
    id: null,
    source: "central",
    techInfo: "transaction 9",
  });
  await apply(orphan, noticed);
  // The station's clock was fast at first, and the receive time took its place.
  const again = [orphan, noticed].map((fact) => ({ ...fact, at: at(4) }));
  await applyAt(at(60), ...again, { ...noticed, techInfo: "transaction 8" });
  await apply(securityEvent("InvalidMessages"), securityEvent("InvalidMessages"));
  expect(await rows("meter_values")).toMatchObject([{ stop_reason: "EVDisconnected", id_tag: "TAG" }]);
  expect((await rows("security_events")).map((row) => row["tech_info"] ?? row["name"]).toSorted()).toEqual([
    "InvalidMessages",
    "InvalidMessages",
    "transaction 8",
    "transaction 9",
  ]);
});

test("stops without a transaction are distinguished by their time", async () => {
  const { apply, rows } = await charger();
  const stop = meterValues({ claimedId: "-1", evseId: null, reason: "StopTransaction", values: [] });
  await apply(stop, { ...stop, at: at(6) }, { ...stop, at: at(6) });
  expect(await rows("meter_values")).toHaveLength(2);
});

test("an event with a time of its own is one row, whenever its repeat arrives", async () => {
  const { apply, rows } = await charger();
  const dated = { ...stationEvent("NotifyEvent"), payload: { generatedAt: at(5) } };
  await apply(dated, { ...dated, at: at(6) }, { ...dated, payload: { generatedAt: at(6) } });
  expect(await rows("station_events")).toHaveLength(2);
});

test("events are stored as received, a repeat changes nothing, and one at another time is a new row", async () => {
  const { apply, applyAt, rows, organization } = await charger();
  await apply(stationEvent("NotifyEvent"), stationEvent("ClearedChargingLimit"));
  await applyAt(at(60), stationEvent("NotifyEvent"), stationEvent("NotifyEvent", at(6)));
  const kept = await rows("station_events");
  expect(kept.map(({ action }) => action).toSorted()).toEqual([
    "ClearedChargingLimit",
    "NotifyEvent",
    "NotifyEvent",
  ]);
  expect(kept.find(({ at: time }) => String(time) === String(new Date(at(6))))).toMatchObject({
    organization_id: organization.id,
    payload: { eventData: [{ actualValue: "80" }] },
    received_at: new Date(at(60)),
  });
});

test("the last reported state of firmware and diagnostics is stored", async () => {
  const { apply, rows } = await charger();
  const state = (job: "firmware" | "diagnostics", status: string): SessionFact => ({
    type: "jobStatus",
    job,
    status,
    requestId: 4,
  });
  await apply(
    state("firmware", "Downloading"),
    state("diagnostics", "Uploading"),
    state("firmware", "Installed"),
  );
  expect((await rows("charger_job_states")).map(({ job, status }) => [job, status]).toSorted()).toEqual([
    ["diagnostics", "Uploading"],
    ["firmware", "Installed"],
  ]);
});

const DAY = 24 * 60;

test("rows received more than 90 days ago are deleted, and transactions stay", async () => {
  const { apply, applyAt, rows } = await charger();
  await apply(transaction(ended));
  await applyAt(at(-91 * DAY), securityEvent("old"), meterValues(), stationEvent("old"), dataTransfer("old"));
  await applyAt(at(-89 * DAY), securityEvent("young"), dataTransfer("young"));
  await stationHistory(db.sql).prune(new Date(T0));
  expect((await rows("security_events")).map(({ name }) => name)).toEqual(["young"]);
  expect((await rows("data_transfers")).map(({ vendor_id }) => vendor_id)).toEqual(["young"]);
  expect([...(await rows("meter_values")), ...(await rows("station_events"))]).toEqual([]);
  expect(await rows("transactions")).toHaveLength(1);
});

test("a station whose clock says 1970 loses nothing of what it has just sent", async () => {
  const { apply, rows } = await charger();
  const time = "1970-01-01T00:00:10.000Z";
  await apply({ ...securityEvent("X"), at: time }, { ...meterValues(), at: time }, stationEvent("X", time));
  await stationHistory(db.sql).prune(new Date(T0));
  for (const table of ["security_events", "meter_values", "station_events"])
    expect(await rows(table)).toMatchObject([{ at: new Date(time), received_at: new Date(T0) }]);
});

test("the tag policy of an organisation is read; an unknown organisation has none", async () => {
  const { organization } = await charger();
  const policies = tagPolicies(db.sql);
  const before = await policies.read(organization.id);
  expect(before).toMatchObject({ acceptsUnknown: true });
  await db.sql("UPDATE organizations SET accept_unknown_id_tags = false WHERE id = $1::uuid", [
    organization.id,
  ]);
  const after = await policies.read(organization.id);
  expect(after).toMatchObject({ acceptsUnknown: false });
  expect(after?.readAtMs).toBeGreaterThan(before?.readAtMs ?? Infinity);
  expect(await policies.read(crypto.randomUUID())).toBeNull();
});

test("the registration state is stored for the charger of that identity and organisation alone", async () => {
  const { organization, identity, id } = await charger();
  const stranger = (await db.tenant()).organization;
  const set = (owner: string) =>
    db.stores.chargers.setRegistration(owner, identity, "Pending", new Date(T0 + 1000));
  expect(await set(stranger.id)).toBeNull();
  expect(await set(organization.id)).toEqual({ id });
  const found = await db.stores.chargers.findByIdentity(organization.id, identity);
  expect(found?.registrationStatus).toBe("Pending");
});

test("two ends of one transaction are both stored, once, and shown with the charger", async () => {
  const { apply, applyAt, id, identity, organization, rows } = await charger();
  const kept = { meterStopWh: 3000, stoppedAt: at(60), stopReason: "Local" };
  const conflict = (meterStopWh: number): SessionFact => ({
    type: "stopConflict",
    transactionId: 7,
    kept,
    told: { ...kept, meterStopWh },
  });
  await apply(transaction({ ...ended, meterStopWh: 3000, transactionId: 7, revision: 2 }), conflict(9999));
  await applyAt(at(5), conflict(9999), conflict(8000));
  expect(await rows("stop_conflicts")).toHaveLength(2);
  expect((await rows("transactions"))[0]?.["meter_stop_wh"]).toBe("3000");
  const found = await db.stores.chargers.findByIdentity(organization.id, identity);
  expect(found?.stopConflicts).toEqual([
    { transactionId: 7, kept, told: { ...kept, meterStopWh: 8000 }, receivedAt: new Date(at(5)) },
    { transactionId: 7, kept, told: { ...kept, meterStopWh: 9999 }, receivedAt: new Date(at(0)) },
  ]);
  expect(found?.id).toBe(id);
});

const live = (measurand: string, value: number, minutes: number): SessionFact =>
  meterValues({
    transactionId: 7,
    energyWh: null,
    values: [{ timestamp: at(minutes), sampledValue: [{ measurand, value }] }],
    at: at(minutes),
  });

test("the view of a charger's settings shows its running transaction with the newest message of each measurand", async () => {
  const { apply, applyAt, id, organization } = await charger();
  const view = async () => (await db.stores.settings.view(organization.id, id))?.charge;
  expect(await view()).toBeNull();
  const values = (energyWh: number, minutes: number, transactionId: number | null = 7): SessionFact =>
    meterValues({ transactionId, energyWh, values: [{ energyWh }], at: at(minutes) });
  const begun = transaction({ transactionId: 7, lastMeterWh: 5000, revision: 2 });
  await apply(transaction({ ...ended, transactionId: 6, revision: 1 }), begun);
  expect(await view()).toMatchObject({ energyWh: 4000, newest: {} });
  await apply(live("Power.Active.Import", 9000, 8));
  await applyAt(at(10), live("Power.Active.Import", 11_000, 9), live("Voltage", 230, 7));
  await apply(values(5000, 20), values(2000, 10), values(9000, 30, null));
  const sampled = (measurand: string, value: number) => [{ sampledValue: [{ measurand, value }] }];
  const power = { meterValue: sampled("Power.Active.Import", 11_000), at: new Date(at(9)) };
  expect(await view()).toMatchObject({
    energyWh: 4000,
    updatedAt: new Date(at(20)),
    newest: {
      "Power.Active.Import": { ...power, receivedAt: new Date(at(10)) },
      Voltage: { meterValue: sampled("Voltage", 230), at: new Date(at(7)) },
    },
  });
  expect(Object.keys((await view())?.newest ?? {})).toHaveLength(2);
  await apply({ ...begun, ...ended, revision: 3 } as SessionFact);
  expect(await view()).toBeNull();
});
