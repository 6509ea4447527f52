import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { spawnPart } from "../../../harness/child-part.ts";
import type { ChildPart } from "../../../harness/child-part.ts";
import { connect } from "./scratch-sql.ts";

const TIMEOUT_MS = 60_000;

let directory: string;
const started: ChildPart[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "busbar-sql-"));
});
afterAll(async () => {
  for (const part of started) part.process.kill("SIGKILL");
  await Promise.all(started.map((part) => part.exited));
  await rm(directory, { recursive: true, force: true });
});

function start(config: object = {}, env: Record<string, string> = {}): ChildPart {
  const part = spawnPart("sql", { port: 0, dataDir: join(directory, "postgres"), ...config }, env);
  started.push(part);
  return part;
}

describe("the SQL endpoint as a process", { timeout: TIMEOUT_MS }, () => {
  it("loses no acknowledged row when it is killed while it writes, and starts again on the same data", async () => {
    const first = start();
    const sql = connect(await first.url);
    await sql`create table written (id int primary key)`;
    const acknowledged: number[] = [];
    const write = async (id: number): Promise<void> => {
      await sql`insert into written values (${id})`;
      acknowledged.push(id);
      if (acknowledged.length === 300) first.process.kill("SIGKILL");
      await write(id + 4);
    };
    await Promise.allSettled([0, 1, 2, 3].map(write));
    expect(await first.exited).toEqual({ code: null, signal: "SIGKILL" });

    const second = start();
    const rows = await connect(await second.url)`select id from written`;
    const found = new Set(rows.map((row) => row["id"]));
    expect(acknowledged.length).toBeGreaterThanOrEqual(300);
    expect(acknowledged.filter((id) => !found.has(id))).toEqual([]);
    second.process.kill("SIGTERM");
    expect(await second.exited).toEqual({ code: 0, signal: null });
  });

  it("refuses a data directory that a living process holds, in one line that names the process", async () => {
    const holder = start();
    await holder.url;
    const other = start();
    expect(await other.exited).toEqual({ code: 1, signal: null });
    const path = join(directory, "postgres");
    expect(other.log()).toBe(`data directory ${path} is in use by process ${holder.process.pid}\n`);
    holder.process.stdin?.end();
    await holder.exited;
  });

  it("ends by itself when its parent closes the pipe, and gives the directory free", async () => {
    const part = start();
    await part.url;
    expect(existsSync(join(directory, "postgres.lock"))).toBe(true);
    part.process.stdin?.end();
    expect(await part.exited).toEqual({ code: 0, signal: null });
    expect(existsSync(join(directory, "postgres.lock"))).toBe(false);
  });

  it("never logs the password, a parameter or the text of a statement", async () => {
    const part = start();
    const url = await part.url;
    const sql = connect(url);
    await Promise.allSettled([sql`select ${"s3cret-parameter"}::int`, sql.query("select s3cret-statement")]);
    await fetch(`${url}/sql`, { method: "POST", body: "s3cret-body" });
    part.process.stdin?.end();
    await part.exited;
    expect(part.log()).toBe("");
  });
});

describe("a start that fails says why in one line", { timeout: TIMEOUT_MS }, () => {
  it("when the port is taken", async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
    const address = blocker.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const part = start({ port });
    expect(await part.exited).toEqual({ code: 1, signal: null });
    expect(part.log()).toBe(`port ${port} is taken\n`);
    blocker.close();
  });

  it("when a migration does not apply, leaving the directory free", async () => {
    const migrations = join(directory, "migrations");
    await mkdir(migrations);
    await writeFile(
      join(migrations, "0001-broken.sql"),
      "create table fine (id int); create tabel broken ();",
    );
    const part = start({ migrations });
    expect(await part.exited).toEqual({ code: 1, signal: null });
    expect(part.log()).toBe(`0001-broken: syntax error at or near "tabel"\n`);
    expect(existsSync(join(directory, "postgres.lock"))).toBe(false);
  });

  it("when the PostgreSQL server cannot be reached, without the password of its address", async () => {
    const part = start({ pgUrl: "postgres://someone:s3cret-passw0rd@127.0.0.1:1/db" });
    expect(await part.exited).toEqual({ code: 1, signal: null });
    expect(part.log()).toBe("connect ECONNREFUSED 127.0.0.1:1\n");
  });

  it("when the directory holds something else, which stays untouched", async () => {
    const part = start({ dataDir: directory });
    expect(await part.exited).toEqual({ code: 1, signal: null });
    expect(part.log()).toBe(
      `${directory} is not empty and holds no database (no PG_VERSION). Put it back from a copy, or start empty with another data directory.\n`,
    );
    expect(existsSync(join(directory, "migrations"))).toBe(true);
  });

  it.each(["global/pg_control", "PG_VERSION"])(
    "when %s of the directory is damaged, with the directory's name and the cure",
    async (name) => {
      const dataDir = join(directory, `damaged-${name.replace("/", "-")}`);
      const whole = start({ dataDir });
      await whole.url;
      whole.process.kill("SIGTERM");
      await whole.exited;
      await truncate(join(dataDir, name), 1);
      const part = start({ dataDir });
      expect(await part.exited).toEqual({ code: 1, signal: null });
      expect(part.log()).toMatch(
        new RegExp(`^${dataDir} is damaged or of another version.*Put it back from a copy[^\n]*\n$`),
      );
    },
  );

  it("when it is asked to serve production", async () => {
    const part = start({ dataDir: "memory" }, { NODE_ENV: "production" });
    expect(await part.exited).toEqual({ code: 1, signal: null });
    expect(part.log()).toContain("refuse to start with NODE_ENV=production");
  });

  it("when its configuration is missing a field", async () => {
    const part = spawnPart("sql", { port: 0 });
    started.push(part);
    expect(await part.exited).toEqual({ code: 1, signal: null });
    expect(part.log()).toMatch(/^[^\n]*dataDir[^\n]*\n$/);
  });
});
