import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startSql, type SqlServer } from "../../../dev/sql/start-sql.ts";
import { MaybeStored, Unavailable } from "../../../src/errors.ts";
import { connect, type Row, type Sql } from "../../../src/store/sql.ts";
import { spawnPart } from "../../harness/child-part.ts";
import { startSqlProxy, type SqlProxy, type Treatment } from "../../harness/sql-proxy.ts";
import { temporaryDirectory } from "../../harness/temporary-directory.ts";
import { waitFor } from "../../harness/wait-for.ts";

const migrations = fileURLToPath(new URL("../../../migrations", import.meta.url));
const LIMITS = { answer: 3000, commit: 1800, grace: 300, lookUp: 600, retry: 100 };

let directory: ReturnType<typeof temporaryDirectory>;
let server: SqlServer;
let proxy: SqlProxy;
let sql: Sql;

const connectTo = (url: string, limits = LIMITS, now = Date.now) =>
  connect(
    {
      DATABASE_URL: `postgresql://postgres:postgres@${crypto.randomUUID()}.db/postgres`,
      NEON_FETCH_ENDPOINT: `${url}/sql`,
    },
    { limits, now },
  );

beforeAll(async () => {
  directory = temporaryDirectory();
  server = await startSql({
    port: 0,
    dataDir: join(directory.path, "postgres"),
    migrations,
    pgUrl: process.env["BUSBAR_PG_URL"],
  });
  await server.exec("CREATE TABLE IF NOT EXISTS deed (id int PRIMARY KEY, n int NOT NULL DEFAULT 1)");
});
afterAll(async () => {
  await server.close();
  directory.remove();
});

beforeEach(async () => {
  await server.exec("TRUNCATE deed, write_receipts");
  proxy = await startSqlProxy(server.url);
  sql = connectTo(proxy.url);
  await sql.read("SELECT 1", []);
});
afterEach(() => proxy.close());

async function stored(): Promise<Row[]> {
  return rowsOf("SELECT id, n FROM deed ORDER BY id");
}

/** Past the proxy. */
async function rowsOf(query: string): Promise<Row[]> {
  const answer = await fetch(`${server.url}/sql`, {
    method: "POST",
    headers: { "neon-connection-string": "postgresql://postgres:postgres@local.db/postgres" },
    body: JSON.stringify({ query }),
  });
  const { fields, rows } = (await answer.json()) as { fields: Array<{ name: string }>; rows: string[][] };
  return rows.map((row) => Object.fromEntries(fields.map(({ name }, index) => [name, row[index]])));
}

const INSERT = "INSERT INTO deed (id) VALUES ($1::int) RETURNING id";
const isDeed = (body: string) => /INTO deed|UPDATE deed/.test(body);
const whenStored = { text: "SELECT id FROM deed WHERE id = $1::int", params: [1] };
const store = () => sql.store(INSERT, [1], whenStored);
/** The first request that holds the insert is treated like this; what follows passes. */
function treatFirst(treatment: Treatment): void {
  let isFirst = true;
  proxy.treat = (body) => {
    if (!isDeed(body) || !isFirst) return "pass";
    isFirst = false;
    return treatment;
  };
}

const failure = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

describe("a write that comes too late", () => {
  test("is not stored when its request arrives after the deadline", async () => {
    proxy.treat = () => "holdRequest";
    const writes = [store(), sql.write(INSERT, [2])].map(failure);
    for (const error of await Promise.all(writes)) expect(error).toBeInstanceOf(MaybeStored);
    expect(proxy.bodies.filter(isDeed)).toHaveLength(2);
    await proxy.release();
    expect(await stored()).toEqual([]);
  });

  test("is not stored when the statement itself outlasts the deadline", async () => {
    const slow = "INSERT INTO deed (id) SELECT $1::int FROM (SELECT pg_sleep(2.2)) s";
    const error = await failure(sql.store(slow, [1], whenStored));
    expect(error).toBeInstanceOf(Unavailable);
    expect(error).not.toBeInstanceOf(MaybeStored);
    expect(await stored()).toEqual([]);
  });

  test("is not stored either when our clock is an hour behind or ahead of the database's", async () => {
    for (const offMs of [-3_600_000, 3_600_000]) {
      sql = connectTo(proxy.url, LIMITS, () => Date.now() + offMs);
      await sql.write("INSERT INTO deed (id) VALUES ($1::int) ON CONFLICT DO NOTHING", [7]);
      proxy.treat = () => "holdRequest";
      expect(await failure(sql.write(INSERT, [1]))).toBeInstanceOf(MaybeStored);
      await proxy.release();
      proxy.treat = () => "pass";
    }
    expect(await stored()).toEqual([{ id: "7", n: "1" }]);
  });
});

const pgUrl = process.env["BUSBAR_PG_URL"];

// The embedded engine has one connection: nothing there waits for a lock.
describe.skipIf(!pgUrl)("a write on a real server", () => {
  test("gives up waiting for a lock by its deadline, and is not stored when the lock is free", async () => {
    await server.exec("INSERT INTO deed (id) VALUES (1)");
    const holder = new pg.Client({ connectionString: pgUrl });
    await holder.connect();
    await holder.query("BEGIN");
    await holder.query("SELECT 1 FROM deed FOR UPDATE");
    const beganAtMs = performance.now();
    const update = "UPDATE deed SET n = 2 WHERE id = 1 RETURNING n";
    const error = await failure(sql.store(update, [], "repeat"));
    expect(performance.now() - beganAtMs).toBeLessThan(LIMITS.answer);
    expect(error).toBeInstanceOf(Unavailable);
    expect(error).not.toBeInstanceOf(MaybeStored);
    await holder.query("COMMIT");
    await holder.end();
    expect(await sql.store(update, [], "repeat")).toEqual([{ n: 2 }]);
  });

  test("is rolled back by the server when the endpoint stops before it commits, and the endpoint survives that", async () => {
    const part = spawnPart("sql", { port: 0, dataDir: "memory", pgUrl });
    const url = await part.url;
    const watcher = new pg.Client({ connectionString: pgUrl });
    await watcher.connect();
    const text = `SELECT 1 FROM pg_stat_activity
      WHERE query LIKE '%stopped%' AND state = $1 AND pid <> pg_backend_pid()`;
    const isThere = async (state: string) => (await watcher.query(text, [state])).rows.length > 0;
    const slow = "INSERT INTO deed (id) SELECT 4 FROM (SELECT pg_sleep(0.5), 'stopped') s";
    const answered = failure(connectTo(url).write(slow, []));
    await waitFor("the running statement", () => isThere("active"));
    part.process.kill("SIGSTOP");
    await waitFor("the open transaction", () => isThere("idle in transaction"));
    await waitFor("its end", async () => !(await isThere("idle in transaction")));
    part.process.kill("SIGCONT");
    expect(await answered).toBeInstanceOf(Unavailable);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(await stored()).toEqual([]);
    await watcher.end();
    part.process.kill("SIGTERM");
    await part.exited;
  });

  test("is looked up until its result is known when its answer is lost meanwhile", async () => {
    await server.exec("INSERT INTO deed (id) VALUES (1)");
    const holder = new pg.Client({ connectionString: pgUrl });
    await holder.connect();
    await holder.query("BEGIN");
    await holder.query("SELECT 1 FROM deed FOR UPDATE");
    treatFirst("forwardAndCut");
    const update = "UPDATE deed SET n = n + 1 WHERE id = 1 RETURNING n";
    const stored = sql.store(update, [], { text: "SELECT n FROM deed WHERE id = 1", params: [] });
    await waitFor("the look-up", () => proxy.bodies.some((body) => body.includes("abandoned")));
    await holder.query("COMMIT");
    await holder.end();
    expect(await stored).toEqual([{ n: 2 }]);
  });
});

describe("a write whose answer is lost", () => {
  test("is answered as stored when the connection was cut after the commit, and is stored once", async () => {
    treatFirst("cutAnswer");
    expect(await store()).toEqual([{ id: 1 }]);
    expect(await stored()).toEqual([{ id: "1", n: "1" }]);
    expect(proxy.bodies.filter(isDeed)).toHaveLength(1);
  });

  test("is answered as stored when the answer never comes", async () => {
    treatFirst("keepAnswer");
    expect(await store()).toEqual([{ id: 1 }]);
  });

  test("is answered as stored, and is stored once, when its request came twice", async () => {
    treatFirst("duplicate");
    await server.exec("INSERT INTO deed (id) VALUES (5)");
    const add = "UPDATE deed SET n = n + 1 WHERE id = 5 RETURNING n";
    expect(await sql.store(add, [], { text: "SELECT n FROM deed WHERE id = 5", params: [] })).toEqual([
      { n: 2 },
    ]);
    expect(await stored()).toEqual([{ id: "5", n: "2" }]);
  });

  test("is stored by another try when it never arrived", async () => {
    treatFirst("cutRequest");
    expect(await store()).toEqual([{ id: 1 }]);
    expect(await stored()).toHaveLength(1);
  });

  test("cannot be stored any more after a lookup, however soon it arrives", async () => {
    treatFirst("holdRequest");
    // It gives up a minute before the database would.
    const hasty = connectTo(proxy.url, { ...LIMITS, commit: 61_000, grace: -60_000, answer: 65_000 });
    await hasty.read("SELECT 1", []);
    expect(await hasty.store(INSERT, [1], whenStored)).toEqual([{ id: 1 }]);
    await server.exec("DELETE FROM deed");
    await proxy.release();
    expect(await stored()).toEqual([]);
  });

  test("is repeated if its result cannot be read from what it stored", async () => {
    await server.exec("INSERT INTO deed (id) VALUES (1)");
    proxy.treat = (body) => {
      proxy.treat = () => "pass";
      return body.includes("UPDATE deed") ? "cutAnswer" : "pass";
    };
    expect(await sql.store("UPDATE deed SET n = 5 WHERE id = 1 RETURNING n", [], "repeat")).toEqual([
      { n: 5 },
    ]);
  });

  test("is reported as maybe stored while the database stays away", async () => {
    let wasSeen = false;
    proxy.treat = (body) => {
      wasSeen ||= isDeed(body);
      return wasSeen ? (isDeed(body) ? "cutAnswer" : "cutRequest") : "pass";
    };
    const error = await failure(store());
    expect(error).toBeInstanceOf(MaybeStored);
    expect(String(error)).toContain(
      "did not tell whether it stored this request; if it has not, it never will",
    );
    expect(await stored()).toHaveLength(1);
    // From then on it is asked before anything is sent.
    const before = proxy.bodies.filter(isDeed).length;
    const next = await failure(sql.store(INSERT, [2], whenStored));
    expect(next).toBeInstanceOf(Unavailable);
    expect(next).not.toBeInstanceOf(MaybeStored);
    expect(proxy.bodies.filter(isDeed)).toHaveLength(before);
  });
});

describe("the only way to write", () => {
  const WRITING = [
    "INSERT INTO deed (id) VALUES (1)",
    "WITH x AS (SELECT 1) INSERT INTO deed (id) SELECT 1",
    "WITH u AS (UPDATE deed SET n = 2 RETURNING id) SELECT * FROM u",
    "UPDATE deed d SET n = 2",
    "DELETE FROM deed",
    "MERGE INTO deed USING x ON true WHEN MATCHED THEN DELETE",
    "TRUNCATE deed",
  ];
  test("a statement that writes is refused without a deadline, and nothing is sent", async () => {
    const before = proxy.bodies.length;
    for (const text of WRITING) await expect(sql.read(text, [])).rejects.toThrow("sql.write or sql.store");
    expect(proxy.bodies).toHaveLength(before);
  });

  test("a statement that only locks what it reads is read", async () => {
    expect(await sql.read("SELECT id FROM deed FOR UPDATE", [])).toEqual([]);
    expect(await sql.read("SELECT id FROM deed FOR NO KEY UPDATE OF deed", [])).toEqual([]);
  });

  test("every write is one request", async () => {
    const before = proxy.bodies.length;
    await store();
    await sql.write(INSERT, [2]);
    expect(proxy.bodies).toHaveLength(before + 2);
  });
});
