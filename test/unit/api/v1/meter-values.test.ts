import { expect, test } from "vitest";
import type { MeterMessagePlace, StoredMeterValues } from "../../../../src/ports.ts";
import { bodyOf, createWorld } from "../access-world.ts";
import { unusedPort } from "../fake-ports.ts";

const T0 = Date.parse("2026-02-06T14:30:00.000Z");
const iso = (second: number) => new Date(T0 + second * 1000).toISOString();

/** One message every ten seconds with energy and the current of a phase. */
const message = (n: number): StoredMeterValues => ({
  id: `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`,
  at: new Date(T0 + n * 10_000),
  meterValue: [
    {
      timestamp: iso(n * 10),
      sampledValue: [
        { value: String(1000 + n) },
        { value: "16", measurand: "Current.Import", phase: "L1", unit: "A" },
      ],
    },
  ],
});

async function list(query: string, count: number, transaction: object | null = { transactionId: 12_345 }) {
  const all = Array.from({ length: count }, (_, n) => message(n));
  const meterMessages = async (
    _organizationId: string,
    _transactionId: number,
    { after, limit }: { after: MeterMessagePlace | null; limit: number },
  ) => {
    const rest = all.filter(({ at }) => after === null || at > after.at);
    return { messages: rest.slice(0, limit), hasMore: rest.length > limit };
  };
  const history = {
    ...unusedPort<object>("history"),
    transaction: async () => transaction,
    meterMessages,
  };
  const world = createWorld({}, { history: history as never });
  const headers = { "x-api-key": await world.apiKey("viewer") };
  const response = await world.request(`/api/v1/transactions/12345/meter-values${query}`, { headers });
  return { status: response.status, body: await bodyOf(response) };
}

interface Body {
  meterValues: { timestamp: string; values: { value: number }[] }[];
  next: string | null;
}

/** Times and energy of all pages. */
async function walk(query: string, count: number) {
  const found: [string, number | undefined][] = [];
  let pages = 0;
  for (let next: string | null = ""; next !== null; pages++) {
    const { body } = await list(`?${query}${next && `&after=${next}`}`, count);
    const page = body as unknown as Body;
    found.push(
      ...page.meterValues.map(({ timestamp, values }) => [timestamp, values[0]?.value] as [string, number]),
    );
    next = page.next;
  }
  return { found, pages };
}

test("meter values have their unit and phase", async () => {
  const about = { location: "Outlet" };
  expect(await list("", 1)).toEqual({
    status: 200,
    body: {
      transactionId: 12_345,
      meterValues: [
        {
          timestamp: iso(0),
          context: "Sample.Periodic",
          values: [
            { ...about, measurand: "Energy.Active.Import.Register", phase: null, unit: "Wh", value: 1000 },
            { ...about, measurand: "Current.Import", phase: "L1", unit: "A", value: 16 },
          ],
        },
      ],
      next: null,
    },
  });
  expect((await list("", 0)).body).toEqual({ transactionId: 12_345, meterValues: [], next: null });
});

test("meter values are read page by page, each once", async () => {
  const { found, pages } = await walk("limit=4", 10);
  expect(pages).toBe(3);
  expect(found).toEqual(Array.from({ length: 10 }, (_, n) => [iso(n * 10), 1000 + n]));
});

test.each([
  [1, 1300],
  [7, 1300],
  [100, 1300],
])(
  "spans of a minute, %i to a page, are merged as a whole, over the pages of the store",
  async (limit, count) => {
    const { found } = await walk(`resolutionSeconds=60&limit=${limit}`, count);
    const minutes = Math.ceil(count / 6);
    expect(found).toEqual(
      Array.from({ length: minutes }, (_, n) => [iso(n * 60), 1000 + Math.min(n * 6 + 5, count - 1)]),
    );
  },
);

test("a span with more messages than one request reads is divided", async () => {
  const { found, pages } = await walk("resolutionSeconds=86400", 5600);
  expect(pages).toBe(2);
  expect(found.at(-1)).toEqual(["2026-02-07T00:00:00.000Z", 6599]);
});

test("wrong parameters and unknown transactions are refused", async () => {
  for (const query of ["limit=501", "resolutionSeconds=-1", "resolutionSeconds=86401", "after=x"])
    expect(await list(`?${query}`, 1)).toMatchObject({
      status: 400,
      body: { error: { issues: [{ location: "query", path: [query.split("=")[0]] }] } },
    });
  expect(await list("", 1, null)).toMatchObject({
    status: 404,
    body: { error: { message: "Transaction 12345 not found" } },
  });
});
