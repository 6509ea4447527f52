import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startSql } from "../../../../dev/sql/start-sql.ts";
import type { SqlServer } from "../../../../dev/sql/start-sql.ts";
import { connect, databaseUrl } from "./scratch-sql.ts";

const MEBIBYTE = 1024 * 1024;

const schema = `
  create extension if not exists pg_trgm;
  create extension if not exists pgcrypto;
  create table if not exists note (id int primary key, text text not null);
  create or replace function shout(t text) returns text language plpgsql as $$ begin return upper(t); end; $$;
`;

let directory: string;
let server: SqlServer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "busbar-sql-"));
  await writeFile(join(directory, "0001-notes.sql"), schema);
  server = await startSql({ port: 0, dataDir: "memory", migrations: directory });
}, 60_000);
afterAll(async () => {
  await server?.close();
  await rm(directory, { recursive: true, force: true });
});
beforeEach(() => server.reset());

function post(body: string, headers: Record<string, string> = { "neon-connection-string": databaseUrl }) {
  return fetch(`${server.url}/sql`, { method: "POST", body, headers });
}

async function firstRow(body: object): Promise<unknown> {
  const answer = await post(JSON.stringify(body));
  const result: unknown = await answer.json();
  if (typeof result === "object" && result && "rows" in result && Array.isArray(result.rows))
    return result.rows[0];
  throw new Error(`no rows: ${JSON.stringify(result)}`);
}

describe("the limits of the hosted proxy", () => {
  it("answers 507 to a result over 10 MiB and goes on working", async () => {
    const answer = await post(JSON.stringify({ query: "select repeat('x', 11 * 1024 * 1024) as big" }));
    expect(answer.status).toBe(507);
    expect(await answer.json()).toEqual({ message: "response is too large (max is 10485760 bytes)" });
    expect(await firstRow({ query: "select 1" })).toEqual(["1"]);
  });

  it("counts bytes, not characters, of a result", async () => {
    const answer = await post(JSON.stringify({ query: "select repeat('é', 6 * 1024 * 1024) as big" }));
    expect(answer.status).toBe(507);
  });

  it("answers 413 to a request over 10 MiB and goes on working", async () => {
    const answer = await post(JSON.stringify({ query: "select $1", params: ["x".repeat(10 * MEBIBYTE)] }));
    expect(answer.status).toBe(413);
    expect(await firstRow({ query: "select 1" })).toEqual(["1"]);
  });

  it("takes a parameter just below the limit", async () => {
    const params = ["x".repeat(10 * MEBIBYTE - 100)];
    expect(await firstRow({ query: "select length($1)", params })).toEqual([String(10 * MEBIBYTE - 100)]);
  });
});

describe("requests that the client never sends", () => {
  it("refuses a request without a connection string", async () => {
    const answer = await post(`{"query":"select 1"}`, {});
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { message: "missing Neon-Connection-String" },
    ]);
  });

  it.each(["", "null", "[]", "{}", `{"query":1}`, `{"queries":["select 1"]}`])(
    "answers 400 to the body %j",
    async (body) => {
      expect((await post(body)).status).toBe(400);
    },
  );

  it("refuses requests from web pages, which have an Origin header", async () => {
    const headers = { "neon-connection-string": databaseUrl, origin: "http://example.com" };
    expect((await post(`{"query":"select 1"}`, headers)).status).toBe(403);
  });

  it.each([
    ["GET", "/sql"],
    ["POST", "/"],
    ["OPTIONS", "/sql"],
    ["POST", "/healthz"],
  ])("answers 404 to %s %s", async (method, path) => {
    expect((await fetch(server.url + path, { method })).status).toBe(404);
  });

  it("says that it is healthy after asking the database", async () => {
    const answer = await fetch(`${server.url}/healthz`);
    expect([answer.status, await answer.json()]).toEqual([200, { ok: true }]);
  });

  it("answers a statement that waits for COPY data with an error instead of waiting", async () => {
    const answer = await post(`{"query":"copy note from stdin"}`);
    expect([answer.status, await answer.json()]).toEqual([400, expect.objectContaining({ code: "57014" })]);
    expect(await firstRow({ query: "select count(*) from note" })).toEqual(["0"]);
  });
});

it("takes any JSON as a parameter: numbers, booleans, objects and nested arrays", async () => {
  const query = "select $1::int, $2::bool, $3::jsonb, $4::text[], $5::int[], $6::text";
  const params = [
    7,
    true,
    { a: [1, "ü"] },
    ['a"b', "c\\d", null, "x,y", ""],
    [
      [1, 2],
      [3, 4],
    ],
    null,
  ];
  expect(await firstRow({ query, params })).toEqual([
    "7",
    "t",
    `{"a": [1, "ü"]}`,
    String.raw`{"a\"b","c\\d",NULL,"x,y",""}`,
    "{{1,2},{3,4}}",
    null,
  ]);
});

describe("the migrations", () => {
  it("are applied before the endpoint answers, function bodies and extensions included", async () => {
    const sql = connect(server.url);
    expect(await sql`select shout('abc') as t, length(digest('x', 'sha256')) as n`).toEqual([
      { t: "ABC", n: 32 },
    ]);
  });

  it("may be written so that they can be repeated", async () => {
    const sql = connect(server.url);
    await sql`insert into note values (1, 'kept')`;
    await server.exec(schema);
    expect(await sql`select text from note`).toEqual([{ text: "kept" }]);
  });

  it("are all that is left after a reset", async () => {
    const sql = connect(server.url);
    await sql`insert into note values (1, 'gone')`;
    await server.exec("create table extra (id int)");
    await server.reset();
    expect(
      await sql`select (select count(*)::int from note) as notes, to_regclass('extra') as extra`,
    ).toEqual([{ notes: 0, extra: null }]);
  });
});
