import { afterAll, beforeAll, expect, test } from "vitest";
import type { SqlExecutor } from "../../../dev/sql/executor.ts";
import { openPglite } from "../../../dev/sql/pglite-executor.ts";
import { openPool } from "../../../dev/sql/pool-executor.ts";
import type { TransactionFilter } from "../../../src/ports.ts";
import type { Sql } from "../../../src/store/sql.ts";
import { pruneHistory } from "../../../src/store/prune-history.ts";
import { transactionPage, transactionsAfter } from "../../../src/store/transaction-lists.ts";
import { createScratchDatabase } from "../dev/sql/scratch-sql.ts";
import {
  explaining,
  fillTransactions,
  ORGANIZATION,
  rowsRead,
  TRANSACTIONS,
  type Explained,
} from "./hundred-thousand.ts";

const pgUrl = process.env["BUSBAR_PG_URL"];
const LIMIT = 50;
const ALL: TransactionFilter = { identity: null, status: null, idTag: null, from: null, to: null };
const at = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 20_000);

/** A filter, and how many of the transactions it selects. */
const FILTERS: Record<string, [Partial<TransactionFilter>, number]> = {
  "all transactions": [{}, TRANSACTIONS],
  "completed ones": [{ status: "completed" }, 99_830],
  "running ones": [{ status: "in_progress" }, 50],
  "expired ones": [{ status: "expired" }, 100],
  "pending ones": [{ status: "pending" }, 20],
  "those of a charger": [{ identity: "CP-7" }, 200],
  "those of a charger that was deleted": [{ identity: "CP-3" }, 200],
  "those of a tag": [{ idTag: "tag7" }, 500],
  "those of a week": [{ from: at(30_240), to: at(60_480) }, 30_240],
  "the running ones of a charger": [{ identity: "CP-1", status: "in_progress" }, 50],
};

/** The statements of a page. What they are answered is no row of a transaction. */
async function explain(
  database: SqlExecutor,
  ask: (sql: Sql) => Promise<unknown>,
  total = 0,
): Promise<Explained[]> {
  const { read, explained } = explaining(database, { total });
  // Two statements of a page run beside each other: the first that cannot be read does not end the other.
  const asked: Promise<unknown>[] = [];
  const noted: typeof read = (...args) => {
    const rows = read(...args);
    asked.push(rows);
    return rows;
  };
  await ask({ read: noted } as unknown as Sql).catch(() => null);
  await Promise.allSettled(asked);
  return explained;
}

/** Rows of tables that were looked at, as opposed to entries of indexes. */
function judge({ nodes }: Explained, rowsMax: number): void {
  const sequential = nodes.filter(
    (node) =>
      node["Node Type"] === "Seq Scan" && ["transactions", "chargers"].includes(node["Relation Name"] ?? ""),
  );
  expect(sequential.map((node) => node["Relation Name"])).toEqual([]);
  expect(nodes.filter((node) => node["Sort Space Type"] === "Disk")).toEqual([]);
  const looked = nodes.filter(({ "Node Type": type }) => /^(Index|Bitmap Heap) Scan/.test(type));
  expect(looked.reduce((sum, node) => sum + rowsRead(node), 0)).toBeLessThanOrEqual(rowsMax);
}

let database: SqlExecutor;
let drop: () => Promise<void> = async () => undefined;
beforeAll(async () => {
  if (pgUrl) {
    const scratch = await createScratchDatabase(pgUrl);
    drop = scratch.drop;
    database = await openPool(scratch.url);
  } else database = await openPglite({ dataDir: "memory" });
  await fillTransactions(database);
}, 120_000);
afterAll(async () => {
  await database.close();
  await drop();
});

test.each(Object.entries(FILTERS))(
  "%s: a page by cursor reads its own rows only, wherever it begins",
  async (_name, [filter]) => {
    for (const n of [TRANSACTIONS + 1, TRANSACTIONS / 2, 60]) {
      const cursor = { after: { startedAt: at(n), transactionId: n }, limit: LIMIT };
      const plans = await explain(database, (asked) =>
        transactionsAfter(asked, ORGANIZATION, { ...ALL, ...filter }, cursor),
      );
      expect(plans).toHaveLength(1);
      // A page of rows, and the charger of each.
      for (const plan of plans) judge(plan, 2 * LIMIT + 10);
    }
  },
);

test.each(Object.entries(FILTERS))(
  "%s: a page by offset is counted by indexes and reads its own rows only",
  async (_name, [filter, size]) => {
    for (const offset of [0, Math.floor(size / 2), Math.max(0, size - LIMIT)]) {
      const page = { limit: LIMIT, offset };
      const plans = await explain(
        database,
        (asked) => transactionPage(asked, ORGANIZATION, { ...ALL, ...filter }, page),
        size,
      );
      expect(plans).toHaveLength(2);
      // Of a short list the rows themselves may be read.
      for (const plan of plans) judge(plan, size <= 500 ? size + 4 * LIMIT : 4 * LIMIT);
    }
  },
);

test("remote starts of lost sessions are found among all transactions by an index of those that wait", async () => {
  const { read, explained } = explaining(database, { gone: 0 });
  const later = new Date(Date.UTC(2027, 0, 1));
  await pruneHistory({ write: read }, later, { budgetMs: 0 });
  // The first statement of a pass; 22 wait, of both organisations.
  for (const plan of explained.slice(0, 1)) judge(plan, 22);
  expect(explained[0]?.nodes.map((node) => node["Index Name"])).toContain("transactions_pending");
});
