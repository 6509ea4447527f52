import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Organization, SessionFact, TransactionFact } from "../../../src/ports.ts";
import { stationHistory } from "../../../src/store/station-history.ts";
import { openDatabase, type Database } from "../../harness/database.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase();
});
afterAll(() => db.close());

const T0 = Date.UTC(2026, 4, 1, 10);
const RECORD = { status: 201, body: "{}", headers: {} };

async function charger(owner?: Organization) {
  const organization = owner ?? (await db.tenant()).organization;
  const id = crypto.randomUUID();
  const row = {
    id,
    identity: id,
    name: null,
    location: null,
    securityProfile: 2 as const,
    now: new Date(T0),
  };
  await db.stores.chargers.register(organization, row, null, RECORD);
  const apply = (fact: SessionFact) =>
    db.stores.chargers.applySessionFacts([{ chargerId: id, generation: 1, atMs: T0, fact }]);
  const rows = (table: string) => db.sql(`SELECT * FROM ${table} WHERE charger_id = $1::uuid`, [id]);
  return { organization, id, apply, rows };
}

const transaction = (changed: Partial<TransactionFact>): SessionFact => ({
  type: "transaction",
  id: `txn_${crypto.randomUUID()}`,
  transactionId: 7,
  ocppTransactionId: null,
  evseId: 1,
  connectorId: 1,
  idTag: "TAG",
  status: "completed",
  meterStartWh: 1000,
  meterStopWh: 15_000,
  lastMeterWh: null,
  meterOffsetWh: 0,
  startedAt: new Date(T0).toISOString(),
  stoppedAt: new Date(T0 + 3_600_000).toISOString(),
  stopReason: "Local",
  remoteStarted: false,
  lostStop: false,
  revision: 1,
  ...changed,
});

test("a number of two transactions stays with the first, and the other is stored as a conflict, logged, and a security event", async () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const first = await charger();
  const other = await charger(first.organization);
  await first.apply(transaction({ id: "txn_first" }));
  const claims = [
    { who: first, id: "txn_again", meterStopWh: 1 },
    { who: other, id: "txn_other", meterStopWh: 2 },
  ];
  for (const { who, id, meterStopWh } of claims)
    for (const revision of [98, 99]) await who.apply(transaction({ id, revision, meterStopWh }));
  expect(await first.rows("transactions")).toMatchObject([
    { id: "txn_first", meter_stop_wh: "15000", revision: 1 },
  ]);
  expect(await other.rows("transactions")).toEqual([]);
  for (const { who, id, meterStopWh } of claims) {
    expect(await who.rows("transaction_conflicts")).toMatchObject([
      { id, transaction_id: 7, stored_id: "txn_first", revision: 99, fact: { meter_stop_wh: meterStopWh } },
    ]);
    expect(await who.rows("security_events")).toMatchObject([
      { source: "central", name: "TransactionConflict", tech_info: "transaction 7 belongs to txn_first" },
    ]);
  }
  const logged = log.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>);
  expect(logged).toContainEqual({
    event: "history.transactionConflict",
    charger: other.id,
    transactionId: 7,
    id: "txn_other",
    storedId: "txn_first",
  });
  log.mockRestore();
});

test("two chargers with one number in one statement, or simultaneously, lose no transaction", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const one = await charger();
  const two = await charger(one.organization);
  const claim = (owner: typeof one, id: string, transactionId: number) => ({
    chargerId: owner.id,
    generation: 1,
    atMs: T0,
    fact: transaction({ id, transactionId }),
  });
  await db.stores.chargers.applySessionFacts([claim(one, "txn_a", 7), claim(two, "txn_b", 7)]);
  await Promise.all([
    db.stores.chargers.applySessionFacts([claim(one, "txn_c", 8)]),
    db.stores.chargers.applySessionFacts([claim(two, "txn_d", 8)]),
  ]);
  const all = await Promise.all(
    [one, two].flatMap(({ rows }) => [rows("transactions"), rows("transaction_conflicts")]),
  );
  expect(
    all
      .flat()
      .map(({ id }) => String(id))
      .toSorted(),
  ).toEqual(["txn_a", "txn_b", "txn_c", "txn_d"]);
  vi.restoreAllMocks();
});

test("ids that the allocator must not use again include transactions, conflicts and ids that chargers may still hold", async () => {
  const { apply, organization } = await charger();
  const history = stationHistory(db.sql);
  expect(await history.transactionIds(organization.id)).toEqual({ highest: 0, unknown: 0 });
  await apply(transaction({ transactionId: 4711 }));
  expect(await history.transactionIds(organization.id)).toEqual({ highest: 4711, unknown: 40 });
});

test("a row of a remote start becomes the transaction, whatever arrives late", async () => {
  const { apply, organization } = await charger();
  const history = stationHistory(db.sql);
  const statusOf = async () => (await history.transaction(organization.id, "51"))?.status;
  const row = { id: "txn_START", transactionId: 51, remoteStarted: true };
  const pending = transaction({ ...row, status: "pending", revision: -1, meterStartWh: null });
  const expired = transaction({ ...row, status: "expired", revision: 0, meterStartWh: null });
  await apply(pending);
  expect(await statusOf()).toBe("pending");
  await apply(expired);
  await apply(pending);
  expect(await statusOf()).toBe("expired");
  await apply(transaction({ ...row, status: "in_progress", revision: 1, ocppTransactionId: "station-1" }));
  await apply(expired);
  expect(await history.transaction(organization.id, "51")).toMatchObject({
    status: "in_progress",
    ocppTransactionId: "station-1",
  });
});

test("a transaction is read by its number and by its id, in its own organisation only", async () => {
  const { apply, id, organization } = await charger();
  const other = await charger();
  const history = stationHistory(db.sql);
  await apply(
    transaction({ id: "txn_READ", transactionId: 31, meterStopWh: 5_000_000_000, meterOffsetWh: 14_000 }),
  );
  const stored = {
    id: "txn_READ",
    transactionId: 31,
    ocppTransactionId: null,
    chargerId: id,
    identity: id,
    evseId: 1,
    idTag: "TAG",
    status: "completed",
    meterStartWh: 1000,
    meterStopWh: 5_000_000_000,
    lastMeterWh: null,
    meterOffsetWh: 14_000,
    startedAt: new Date(T0),
    stoppedAt: new Date(T0 + 3_600_000),
    stopReason: "Local",
    remoteStarted: false,
    updatedAt: new Date(T0),
  };
  expect(await history.transaction(organization.id, "31")).toEqual(stored);
  expect(await history.transaction(organization.id, "txn_READ")).toEqual(stored);
  for (const key of ["31", "txn_READ"])
    expect(await history.transaction(other.organization.id, key)).toBeNull();
});

test.each([
  "32",
  "0",
  "031",
  "2147483648",
  "99999999999",
  "-1",
  "3.1",
  "txn_OTHER",
  "txn_\u0000",
  "txn_",
  "",
  "x'; --",
])("no transaction has the id %j", async (key) => {
  const { apply, organization } = await charger();
  await apply(transaction({ id: `txn_${crypto.randomUUID()}`, transactionId: 31 }));
  expect(await stationHistory(db.sql).transaction(organization.id, key)).toBeNull();
});
