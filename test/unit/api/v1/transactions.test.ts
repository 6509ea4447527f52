import { expect, test } from "vitest";
import { z } from "zod";
import type { StoredTransaction } from "../../../../src/ports.ts";
import { bodyOf, createWorld } from "../access-world.ts";
import { unusedPort } from "../fake-ports.ts";

const STORED: StoredTransaction = {
  id: "txn_01JKB2M3N4P5Q6R7S8T9V0W1X2",
  transactionId: 12345,
  ocppTransactionId: null,
  chargerId: "c",
  identity: "CHARGER-001",
  evseId: 1,
  idTag: "USER123",
  status: "completed",
  meterStartWh: 1000,
  meterStopWh: 15_000,
  lastMeterWh: 14_900,
  meterOffsetWh: 0,
  startedAt: new Date("2026-02-06T14:30:00Z"),
  stoppedAt: new Date("2026-02-06T15:15:59Z"),
  stopReason: "Local",
  remoteStarted: true,
  updatedAt: new Date("2026-02-06T15:16:02Z"),
};

const COMPLETED = {
  id: "txn_01JKB2M3N4P5Q6R7S8T9V0W1X2",
  transactionId: 12345,
  chargeBoxId: "CHARGER-001",
  connectorId: 1,
  idTag: "USER123",
  status: "completed",
  meterStart: 1000,
  meterStop: 15_000,
  energyDelivered: 14,
  durationMinutes: 45,
  startTime: "2026-02-06T14:30:00.000Z",
  stopTime: "2026-02-06T15:15:59.000Z",
  stopReason: "Local",
  remoteStarted: true,
};

async function show(stored: StoredTransaction | null, id = "12345") {
  const asked: unknown[] = [];
  const transaction = async (...args: unknown[]) => (asked.push(args), stored);
  const world = createWorld({}, { history: { ...unusedPort("history"), transaction } });
  const headers = { "x-api-key": await world.apiKey("viewer") };
  const response = await world.request(`/api/v1/transactions/${id}`, { headers });
  expect(asked).toEqual([[world.organization.id, id]]);
  return [response.status, await bodyOf(response)];
}

test("a transaction that is over has its meters in Wh, its energy in kWh and whole minutes", async () => {
  expect(await show(STORED)).toEqual([200, COMPLETED]);
});

test("a transaction in progress has no end, and the energy and duration of its last message", async () => {
  const running = { status: "in_progress", meterStopWh: null, stoppedAt: null, stopReason: null } as const;
  const updatedAt = new Date("2026-02-06T14:45:30Z");
  expect(await show({ ...STORED, ...running, lastMeterWh: 4500, updatedAt })).toEqual([
    200,
    {
      ...COMPLETED,
      status: "in_progress",
      meterStop: null,
      energyDelivered: 3.5,
      durationMinutes: 15,
      stopTime: null,
      stopReason: null,
    },
  ]);
});

test("a transaction of OCPP 2.x names the station's own id, and without meter it has no energy", async () => {
  const changed = { ocppTransactionId: "t-1", meterStartWh: null, meterStopWh: null, lastMeterWh: null };
  expect(await show({ ...STORED, ...changed })).toEqual([
    200,
    { ...COMPLETED, ocppTransactionId: "t-1", meterStart: null, meterStop: null, energyDelivered: null },
  ]);
});

test("a register that went back on the way counts as if it had not", async () => {
  const reset = { meterStopWh: 3000, meterOffsetWh: 14_000 };
  expect(await show({ ...STORED, ...reset })).toEqual([
    200,
    { ...COMPLETED, meterStop: 3000, energyDelivered: 16 },
  ]);
});

test("an unknown transaction is 404 under the id that was asked for", async () => {
  expect(await show(null, "txn_NONE")).toEqual([
    404,
    { success: false, error: { code: "NOT_FOUND", message: "Transaction txn_NONE not found" } },
  ]);
});

const NOTHING = { identity: null, idTag: null, status: null, from: null, to: null };

/** What the list answers to a query, and what it asked its store. */
async function list(query: string, found: StoredTransaction[] = [STORED], total = 1) {
  const asked: unknown[] = [];
  const transactions = async (_id: string, ...args: unknown[]) => (asked.push(args), { rows: found, total });
  const transactionsAfter = async (_id: string, ...args: unknown[]) => (asked.push(args), found);
  const world = createWorld({}, { history: { ...unusedPort("history"), transactions, transactionsAfter } });
  const headers = { "x-api-key": await world.apiKey("viewer") };
  const response = await world.request(`/api/v1/transactions${query}`, { headers });
  return { status: response.status, body: await bodyOf(response), asked };
}

test("a list has its page, its number and where the next page begins", async () => {
  const place = `${STORED.startedAt.getTime().toString(36)}.${(12345).toString(36)}`;
  const pagination = { total: 3, limit: 1, offset: 1 };
  expect(await list("?limit=1&offset=1", [STORED], 3)).toEqual({
    status: 200,
    body: { transactions: [COMPLETED], pagination, next: place },
    asked: [[NOTHING, { limit: 1, offset: 1 }]],
  });
  expect((await list("?limit=1&offset=2", [STORED], 3)).body).toMatchObject({ next: null });
  expect((await list("", [], 0)).body).toEqual({
    transactions: [],
    pagination: { total: 0, limit: 50, offset: 0 },
    next: null,
  });
});

test("a cursor continues behind its transaction, without a count", async () => {
  const { next } = z.object({ next: z.string() }).parse((await list("?limit=1", [STORED], 2)).body);
  const after = { startedAt: STORED.startedAt, transactionId: 12_345 };
  expect(await list(`?after=${next}&limit=1`, [STORED, STORED])).toEqual({
    status: 200,
    body: { transactions: [COMPLETED], next },
    asked: [[NOTHING, { after, limit: 2 }]],
  });
  expect((await list(`?after=${next}`)).body).toEqual({ transactions: [COMPLETED], next: null });
});

test("a list is filtered by charger, status, tag and time; `active` is `in_progress`", async () => {
  const query =
    "?chargeBoxId=CP-1&status=active&idTag=RFID1&from=2026-02-06T15:30:00%2B01:00&to=9999-12-31T23:59:59-12:00";
  expect((await list(query)).asked).toEqual([
    [
      {
        identity: "CP-1",
        idTag: "RFID1",
        status: "in_progress",
        from: STORED.startedAt,
        to: new Date("9999-12-31T23:59:59.999Z"),
      },
      { limit: 50, offset: 0 },
    ],
  ]);
});

test.each([
  "limit=0",
  "limit=201",
  "offset=-1",
  "status=stopping",
  "from=yesterday",
  "after=x",
  "after=1.zzzzzz",
])("a list with %s is refused by the name of its parameter", async (query) => {
  const { status, body, asked } = await list(`?${query}`);
  expect([status, body, asked]).toMatchObject([
    400,
    { error: { issues: [{ location: "query", path: [query.split("=")[0]] }] } },
    [],
  ]);
});

test.each([
  ["%00", 400],
  ["A%07", 400],
  ["A".repeat(256), 400],
  ["A".repeat(255), 200],
])(
  "the list by the tag %s is answered %i, and no statement gets text that Postgres refuses",
  async (tag, status) => {
    const asked: unknown[] = [];
    const transactions = async (...args: unknown[]) => (asked.push(args), { rows: [], total: 0 });
    const world = createWorld({}, { history: { ...unusedPort("history"), transactions } });
    const headers = { "x-api-key": await world.apiKey("viewer") };
    const response = await world.request(`/api/v1/transactions?idTag=${tag}`, { headers });
    expect([response.status, asked.length]).toEqual([status, status === 200 ? 1 : 0]);
  },
);
