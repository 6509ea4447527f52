import { randomUUID } from "node:crypto";
import { NeonDbError } from "@neondatabase/serverless";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "./scratch-sql.ts";
import type { ScratchSql } from "./scratch-sql.ts";

type Sql = ReturnType<typeof connect>;

const START_TIMEOUT_MS = 60_000;

/** What the unmodified Neon client must find at an endpoint, whatever database is behind it. */
export function describeNeonConformance(engine: string, start: () => Promise<ScratchSql>): void {
  describe(engine, () => {
    let scratch: ScratchSql;
    let sql: Sql;

    beforeAll(async () => {
      scratch = await start();
      sql = connect(scratch.server.url);
      await scratch.server.exec(`
        create table item (id int primary key, label text constraint item_label_unique unique);
        insert into item values (1, 'one'), (2, 'two'), (3, 'three');`);
    }, START_TIMEOUT_MS);
    afterAll(() => scratch?.close());

    describeValues(() => sql);
    describeResults(() => sql);
    describeErrors(() => sql);
    describeTransactions(() => sql);
    describeConcurrency(() => sql);
  });
}

function describeValues(sql: () => Sql): void {
  const roundTrips: [string, string, unknown, unknown][] = [
    ["an int8 beyond 2^53 as exact text", "int8", "9007199254740993", "9007199254740993"],
    [
      "a timestamptz to the millisecond",
      "timestamptz",
      new Date(1_760_000_000_123),
      new Date(1_760_000_000_123),
    ],
    ["jsonb with quotes and null", "jsonb", { a: `"'`, b: null }, { a: `"'`, b: null }],
    [
      "text[] with comma, quote, NULL, backslash and empty",
      "text[]",
      ["a,b", '"', "NULL", "\\", ""],
      ["a,b", '"', "NULL", "\\", ""],
    ],
    ["a boolean", "bool", true, true],
    ["UTF-8 with emoji", "text", "Zürich ⚡🔌 日本", "Zürich ⚡🔌 日本"],
    ["bytea with zero and 255", "bytea", Buffer.from([0, 1, 255]), Buffer.from([0, 1, 255])],
    ["a numeric exactly", "numeric(20,4)", "1234567890123456.7891", "1234567890123456.7891"],
    ["a float8", "float8", 0.1, 0.1],
    ["a uuid", "uuid", "0190f3a1-0000-7000-8000-00000000abcd", "0190f3a1-0000-7000-8000-00000000abcd"],
    ["int[]", "int[]", [1, -2, 3], [1, -2, 3]],
    ["null of a type", "timestamptz", null, null],
  ];
  it.each(roundTrips)("carries %s both ways", async (_title, type, sent, received) => {
    expect(await sql().query(`select $1::${type} as value`, [sent])).toEqual([{ value: received }]);
  });

  it("answers a date as a Date of that calendar day in local time", async () => {
    const [row] = await sql()`select '2026-02-03'::date as value`;
    expect(row?.["value"]).toEqual(new Date(2026, 1, 3));
  });

  it("takes a uuid array beside bool, Date and number parameters", async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    const rows = await sql()`
      select id, ${true}::bool as yes, ${new Date(0)}::timestamptz as at, ${42}::int as n
      from unnest(array[${first}, ${randomUUID()}]::uuid[]) as id where id = any(${[first, second]}::uuid[])`;
    expect(rows).toEqual([{ id: first, yes: true, at: new Date(0), n: 42 }]);
  });
}

function describeResults(sql: () => Sql): void {
  it("gives command, row count and field types of a select", async () => {
    const result = await sql().query("select id, label from item order by id", [], { fullResults: true });
    expect(result).toMatchObject({ command: "SELECT", rowCount: 3, rowAsArray: false });
    expect(result.fields.map(({ name, dataTypeID }) => [name, dataTypeID])).toEqual([
      ["id", 23],
      ["label", 25],
    ]);
  });

  it("keeps both of two columns of the same name in array mode", async () => {
    expect(await sql().query("select 1 as x, 2 as x", [], { arrayMode: true })).toEqual([[1, 2]]);
  });

  it("counts the rows of an update", async () => {
    const result = await sql().query("update item set label = label where id < $1", [3], {
      fullResults: true,
    });
    expect(result).toMatchObject({ command: "UPDATE", rowCount: 2, rows: [] });
  });

  it("names the command of a statement that begins with WITH by what it does", async () => {
    const text =
      "with n as (select 90 + g as id from generate_series(1, 4) g) insert into item select id from n";
    expect(await sql().query(text, [], { fullResults: true })).toMatchObject({
      command: "INSERT",
      rowCount: 4,
    });
  });
}

function describeErrors(sql: () => Sql): void {
  it("names constraint, table and detail of a unique violation", async () => {
    const error = await failure(sql()`insert into item values (50, 'one')`);
    expect(error).toMatchObject({
      name: "NeonDbError",
      code: "23505",
      constraint: "item_label_unique",
      table: "item",
      detail: "Key (label)=(one) already exists.",
      severity: "ERROR",
    });
  });

  it("gives the position of a syntax error", async () => {
    expect(await failure(sql().query("select 1 frm item"))).toMatchObject({ code: "42601", position: "14" });
  });

  it("refuses a text with two statements", async () => {
    expect(await failure(sql().query("select 1; select 2"))).toMatchObject({ code: "42601" });
  });
}

function describeTransactions(sql: () => Sql): void {
  it("answers a serializable transaction in the order of its statements", async () => {
    const results = await sql().transaction(
      [
        sql()`select 1 as n`,
        sql()`select current_setting('transaction_isolation') as n`,
        sql()`select 3 as n`,
      ],
      { isolationLevel: "Serializable" },
    );
    expect(results).toEqual([[{ n: 1 }], [{ n: "serializable" }], [{ n: 3 }]]);
  });

  it("leaves nothing of a transaction that failed", async () => {
    const error = await failure(
      sql().transaction([
        sql()`insert into item values (60)`,
        sql()`select 1 / 0`,
        sql()`insert into item values (61)`,
      ]),
    );
    expect(error).toMatchObject({ code: "22012" });
    expect(await sql()`select id from item where id in (60, 61)`).toEqual([]);
  });

  it("refuses to write in a read-only transaction", async () => {
    const error = await failure(sql().transaction([sql()`insert into item values (70)`], { readOnly: true }));
    expect(error).toMatchObject({ code: "25006" });
  });

  it("leaves no transaction open that a single statement began", async () => {
    await sql()`begin`;
    await sql()`insert into item values (80)`;
    expect(await failure(sql()`select 1 / 0`)).toMatchObject({ code: "22012" });
    expect(await sql()`select id from item where id = 80`).toEqual([{ id: 80 }]);
  });

  it("runs a transaction that takes an advisory lock", async () => {
    const results = await sql().transaction([sql()`select pg_advisory_xact_lock(7)`, sql()`select 1 as n`]);
    expect(results[1]).toEqual([{ n: 1 }]);
  });
}

function describeConcurrency(sql: () => Sql): void {
  const fifty = Array.from({ length: 50 }, (_, index) => index);

  it("answers each of 50 parallel queries with its own rows", async () => {
    const answers = await Promise.all(fifty.map((n) => sql()`select ${n}::int as n, pg_sleep(0.001)`));
    expect(answers.map(([row]) => row?.["n"])).toEqual(fifty);
  });

  it("gives each of 50 parallel errors, transactions and selects its own outcome", async () => {
    const outcomes = await Promise.all(fifty.map((n) => mixedOutcome(sql(), n)));
    expect(outcomes).toEqual(fifty.map((n) => (n % 3 === 0 ? "22012" : n)));
  });
}

async function mixedOutcome(sql: Sql, n: number): Promise<unknown> {
  if (n % 3 === 0) return (await failure(sql`select ${n}::int / 0 as n`)).code;
  if (n % 3 === 1) return (await sql`select ${n}::int as n`)[0]?.["n"];
  const results = await sql.transaction([sql`select 1`, sql`select ${n}::int as n`]);
  return results[1]?.[0]?.["n"];
}

async function failure(promise: Promise<unknown>): Promise<NeonDbError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof NeonDbError)) throw new Error(`expected a NeonDbError, got ${String(error)}`);
  return error;
}
