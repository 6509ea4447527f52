import { afterAll, beforeAll, expect, test } from "vitest";
import type { StoredTransaction, TransactionFilter } from "../../../src/ports.ts";
import { stationHistory } from "../../../src/store/station-history.ts";
import { transactionPage } from "../../../src/store/transaction-lists.ts";
import { openDatabase, type Database } from "../../harness/database.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase();
});
afterAll(() => db.close());

const ALL: TransactionFilter = { identity: null, status: null, idTag: null, from: null, to: null };
const T0 = Date.UTC(2026, 4, 1, 10);
const at = (minute: number) => new Date(T0 + minute * 60_000);

interface Row {
  number: number;
  minute: number;
  charger?: string;
  status?: StoredTransaction["status"];
  tag?: string | null;
}

/** An organisation with these transactions and two chargers. */
async function organizationWith(rows: Row[]) {
  const { organization } = await db.tenant();
  const ids: Record<string, string> = {};
  for (const identity of ["CP-A", "CP-B"]) {
    const id = crypto.randomUUID();
    ids[identity] = id;
    const row = { id, identity, name: null, location: null, securityProfile: 2 as const, now: new Date(T0) };
    const record = { status: 201, body: "{}", headers: {} };
    await db.stores.chargers.register(organization, row, null, record);
  }
  const wire = rows.map(({ number, minute, charger = "CP-A", status = "completed", tag = "TAG" }) => ({
    id: `txn_${crypto.randomUUID()}`,
    number,
    charger_id: ids[charger],
    status,
    tag,
    at: at(minute).toISOString(),
  }));
  await db.sql(
    `INSERT INTO transactions (id, organization_id, transaction_id, charger_id, evse_id, connector_id, id_tag, status,
        started_at, revision, updated_at)
      SELECT x.id, $1::uuid, x.number, x.charger_id, 1, 1, x.tag, x.status, x.at, 1, x.at
      FROM jsonb_to_recordset($2::jsonb) AS x(id text, number int, charger_id uuid, status text, tag text, at timestamptz)
      RETURNING id`,
    [organization.id, JSON.stringify(wire)],
  );
  const history = stationHistory(db.sql);
  const numbers = async (filter: Partial<TransactionFilter>) => {
    const page = { limit: 200, offset: 0 };
    const { rows: found, total } = await history.transactions(organization.id, { ...ALL, ...filter }, page);
    expect(total).toBe(found.length);
    const walked = await walk({ ...ALL, ...filter }, 2);
    expect(walked).toEqual(found.map(({ transactionId }) => transactionId));
    return walked;
  };
  /** All of a list, page by page. */
  async function walk(filter: TransactionFilter, limit: number): Promise<number[]> {
    const found: number[] = [];
    let after = { startedAt: at(10_000), transactionId: 0 };
    for (;;) {
      const page = await history.transactionsAfter(organization.id, filter, { after, limit });
      found.push(...page.map(({ transactionId }) => transactionId));
      const last = page.at(-1);
      if (!last) return found;
      after = last;
    }
  }
  return { organization, history, ids, numbers };
}

const ROWS: Row[] = [
  { number: 21, minute: 1 },
  { number: 1, minute: 2, charger: "CP-B", tag: "Card-9" },
  { number: 22, minute: 3, status: "in_progress", tag: null },
  { number: 3, minute: 3, status: "expired" },
  { number: 2, minute: 3, charger: "CP-B", status: "pending" },
  { number: 23, minute: 9, tag: "card-9" },
];

test("transactions are listed by their start, newest first, each once, by offset and by cursor", async () => {
  const { numbers, history, organization } = await organizationWith(ROWS);
  const other = await organizationWith([{ number: 1, minute: 5 }]);
  expect(await numbers({})).toEqual([23, 22, 3, 2, 1, 21]);
  expect(await other.numbers({})).toEqual([1]);
  for (const [offset, expected] of [
    [1, [22, 3]],
    [4, [1, 21]],
    [5, [21]],
    [6, []],
    [1_000_000_000_000, []],
  ] as const) {
    const page = await history.transactions(organization.id, ALL, { limit: 2, offset });
    expect([page.total, page.rows.map(({ transactionId }) => transactionId)]).toEqual([6, expected]);
  }
});

test("transactions are filtered by charger, status, tag and time, alone and together", async () => {
  const { numbers } = await organizationWith(ROWS);
  expect(await numbers({ identity: "CP-B" })).toEqual([2, 1]);
  expect(await numbers({ identity: "NOBODY" })).toEqual([]);
  for (const [status, expected] of [
    ["in_progress", [22]],
    ["pending", [2]],
    ["expired", [3]],
    ["completed", [23, 1, 21]],
  ] as const)
    expect(await numbers({ status })).toEqual(expected);
  expect(await numbers({ idTag: "CARD-9" })).toEqual([23, 1]);
  expect(await numbers({ from: at(2), to: at(9) })).toEqual([22, 3, 2, 1]);
  expect(await numbers({ from: at(9), to: at(2) })).toEqual([]);
  expect(await numbers({ identity: "CP-A", status: "completed", idTag: "card-9", from: at(4) })).toEqual([
    23,
  ]);
});

test("a charger that was deleted, and the next one of its identity, are listed together", async () => {
  const { numbers, organization, ids } = await organizationWith(ROWS);
  await db.sql("UPDATE chargers SET deleted_at = now() WHERE id = $1::uuid RETURNING id", [ids["CP-B"]]);
  const id = crypto.randomUUID();
  const heir = { id, identity: "CP-B", name: null, location: null, securityProfile: 2 as const, now: at(20) };
  await db.stores.chargers.register(organization, heir, null, { status: 201, body: "{}", headers: {} });
  await db.sql(
    `INSERT INTO transactions (id, organization_id, transaction_id, charger_id, evse_id, connector_id, status, started_at,
      revision, updated_at) VALUES ($1, $2::uuid, 40, $3::uuid, 1, 1, 'completed', $4::timestamptz, 1, now()) RETURNING id`,
    [`txn_${id}`, organization.id, id, at(2.5)],
  );
  expect(await numbers({ identity: "CP-B" })).toEqual([2, 40, 1]);
});

test("a page in the middle of a million transactions does not wait for their number", async () => {
  const pageAsked = Promise.withResolvers<void>();
  const read = async (text: string) => {
    if (text.includes("count(*)")) {
      await pageAsked.promise;
      return [{ total: 1_000_000 }];
    }
    pageAsked.resolve();
    return [];
  };
  const page = { limit: 50, offset: 500_000 };
  expect(await transactionPage({ read }, "", ALL, page)).toEqual({ total: 1_000_000, rows: [] });
});
