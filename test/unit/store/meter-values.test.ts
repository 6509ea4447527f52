import { afterAll, beforeAll, expect, test } from "vitest";
import { meterMessages } from "../../../src/store/meter-values.ts";
import { openDatabase, type Database } from "../../harness/database.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase();
});
afterAll(() => db.close());

const T0 = Date.UTC(2026, 4, 1, 10);

/** A transaction with messages, one a minute, of this many characters. */
async function transactionOf(count: number, length = 10) {
  const { organization } = await db.tenant();
  await db.sql(
    `INSERT INTO meter_values (id, organization_id, charger_id, transaction_id, reason, "values", at)
      SELECT gen_random_uuid(), $1::uuid, gen_random_uuid(), 7, 'MeterValues',
        jsonb_build_array(jsonb_build_object('n', n, 'text', repeat('x', $3::int))), to_timestamp($4::float8 + (n / 2) * 60)
      FROM generate_series(0, $2::int - 1) n RETURNING id`,
    [organization.id, count, length, T0 / 1000],
  );
  return organization.id;
}

/** Numbers of all messages, page by page, and the sizes of the pages. */
async function walk(organizationId: string, limit: number) {
  const found: unknown[] = [];
  const sizes: number[] = [];
  let after: Parameters<typeof meterMessages>[3]["after"] = null;
  for (;;) {
    const page = await meterMessages(db.sql, organizationId, 7, { after, limit });
    found.push(...page.messages.map(({ meterValue }) => meterValue[0]?.["n"]));
    sizes.push(page.messages.length);
    after = page.messages.at(-1) ?? null;
    if (!page.hasMore) return { found, sizes };
  }
}

test("messages of a transaction are read page by page, each once and in their order, of its organisation only", async () => {
  const organizationId = await transactionOf(11);
  const { found, sizes } = await walk(organizationId, 3);
  expect(sizes).toEqual([3, 3, 3, 2]);
  // Two of them share each minute.
  expect(found.map((n) => Math.floor(Number(n) / 2))).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5]);
  expect(new Set(found).size).toBe(11);
  expect((await walk(organizationId, 11)).sizes).toEqual([11]);
  expect((await walk(await transactionOf(0), 11)).sizes).toEqual([0]);
});

test("a page ends before its messages become too large, but has at least one", async () => {
  const { found, sizes } = await walk(await transactionOf(5, 900_000), 100);
  expect(sizes).toEqual([2, 2, 1]);
  expect(new Set(found).size).toBe(5);
  expect((await walk(await transactionOf(2, 3_000_000), 100)).sizes).toEqual([1, 1]);
});
