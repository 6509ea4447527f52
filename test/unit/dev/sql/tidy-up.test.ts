import { afterAll, beforeAll, expect, it } from "vitest";
import type { SqlExecutor } from "../../../../dev/sql/executor.ts";
import { openPglite, tidyUp } from "../../../../dev/sql/pglite-executor.ts";

let executor: SqlExecutor;

beforeAll(async () => {
  executor = await openPglite({ dataDir: "memory" });
  await executor.exec(`
    create table "Odd name" (id int primary key, n int);
    insert into "Odd name" select g, 0 from generate_series(1, 5000) g;`);
}, 60_000);
afterAll(() => executor?.close());

async function value(query: string): Promise<number> {
  return Number((await executor.run({ query, params: [] })).rows[0]?.[0]);
}

const size = `select pg_table_size('"Odd name"')`;

async function rewriteAll(times: number): Promise<void> {
  for (let time = 0; time < times; time++) await executor.exec(`update "Odd name" set n = n + 1`);
}

it("makes room for new rows where old ones were, and lets the planner know how many there are", async () => {
  await rewriteAll(3);
  expect(await tidyUp(executor, 1)).toBe(true);
  expect(await value(`select reltuples from pg_class where relname = 'Odd name'`)).toBe(5000);
  const tidySize = await value(size);
  await rewriteAll(2);
  expect(await value(size)).toBe(tidySize);
});

it("does nothing until enough has been written since the last time", async () => {
  await tidyUp(executor, 1);
  expect(await tidyUp(executor, 1024 * 1024)).toBe(false);
  await rewriteAll(3);
  expect(await tidyUp(executor, 1024 * 1024)).toBe(true);
});
