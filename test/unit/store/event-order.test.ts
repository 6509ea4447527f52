import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { applyMigrations } from "../../../dev/migrate/apply-migrations.ts";
import { readMigrations } from "../../../dev/migrate/read-migrations.ts";
import type { SqlExecutor } from "../../../dev/sql/executor.ts";
import { openPool } from "../../../dev/sql/pool-executor.ts";
import type { EventPage } from "../../../src/ports.ts";
import { eventStore } from "../../../src/store/events.ts";
import { createScratchDatabase } from "../dev/sql/scratch-sql.ts";

const pgUrl = process.env["BUSBAR_PG_URL"];
const ORGANIZATION = "00000000-0000-7000-8000-0000000000a1";
const INSERT = `INSERT INTO events (organization_id, id, type, at, data) VALUES ('${ORGANIZATION}', $1, 't', now(), '{}')`;

/** Transactions of several sessions exist on a server only. */
describe.skipIf(!pgUrl)("events of transactions that are open at once", () => {
  let scratch: Awaited<ReturnType<typeof createScratchDatabase>>;
  let pool: SqlExecutor;
  let reader: pg.Client;
  const clients: pg.Client[] = [];

  beforeEach(async () => {
    scratch = await createScratchDatabase(pgUrl ?? "");
    pool = await openPool(scratch.url);
    await pool.session((session) => applyMigrations(session, { migrations: readMigrations() }));
    reader = await connect();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.end();
    await pool.close();
    await scratch.drop();
  });

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: scratch.url });
    await client.connect();
    clients.push(client);
    return client;
  }

  async function page(after: string | null, limit = 100): Promise<EventPage> {
    const read = async (text: string, params: unknown[]) => (await reader.query(text, params)).rows;
    const query = { after: after === null ? null : { id: after }, types: null, chargeBoxId: null, limit };
    const found = await eventStore({ read, write: read }).page(ORGANIZATION, query);
    if (!found) throw new Error(`${after} is not known`);
    return found;
  }

  const idsOf = ({ events }: EventPage) => events.map(({ id }) => id);

  /** What one who reads again and again has read, in order. */
  class Follower {
    readonly read: string[] = [];
    #next: string | null = null;

    async catchUp(): Promise<readonly string[]> {
      for (;;) {
        const found = await page(this.#next, 3);
        this.read.push(...idsOf(found));
        this.#next = found.next;
        if (!found.hasMore) return this.read;
      }
    }
  }

  it("are read in the order of their transactions, however late one of them commits", async () => {
    const [slow, quick] = [await connect(), await connect()];
    const follower = new Follower();
    await quick.query(INSERT, ["before"]);
    expect(await follower.catchUp()).toEqual(["before"]);
    await slow.query("BEGIN");
    await slow.query(INSERT, ["slow-1"]);
    await quick.query(INSERT, ["quick-1"]);
    await quick.query(INSERT, ["quick-2"]);
    // Both are committed, but a reader that had them would pass what the open transaction has written before them.
    expect(await follower.catchUp()).toEqual(["before"]);
    await slow.query(INSERT, ["slow-2"]);
    await slow.query("COMMIT");
    expect(await follower.catchUp()).toEqual(["before", "slow-1", "slow-2", "quick-1", "quick-2"]);
  });

  it("wait for a transaction that began to write before them, although it has stored no event yet", async () => {
    const [slow, quick] = [await connect(), await connect()];
    const follower = new Follower();
    await slow.query("BEGIN; SELECT pg_current_xact_id()");
    await quick.query(INSERT, ["quick"]);
    expect(await follower.catchUp()).toEqual([]);
    await slow.query(INSERT, ["slow"]);
    await slow.query("COMMIT");
    expect(await follower.catchUp()).toEqual(["slow", "quick"]);
  });

  it("do not wait for a transaction that only reads, nor for one that was rolled back or whose client is gone", async () => {
    const [reading, undone, lost, quick] = [
      await connect(),
      await connect(),
      await connect(),
      await connect(),
    ];
    const follower = new Follower();
    await reading.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM events");
    await undone.query("BEGIN");
    await undone.query(INSERT, ["undone"]);
    await lost.query("BEGIN");
    await lost.query(INSERT, ["lost"]);
    await quick.query(INSERT, ["quick"]);
    expect(await follower.catchUp()).toEqual([]);
    await undone.query("ROLLBACK");
    clients.splice(clients.indexOf(lost), 1);
    await lost.end();
    while ((await follower.catchUp()).length === 0) await delay(10);
    expect(follower.read).toEqual(["quick"]);
  });

  it("are each read once by one who follows many writers that commit in any order", async () => {
    const writers = await Promise.all(Array.from({ length: 6 }, connect));
    const follower = new Follower();
    const written: string[] = [];
    let seed = 11;
    const random = (below: number) => (seed = (seed * 16_807) % 2_147_483_647) % below;
    const write = async (writer: pg.Client, name: number) => {
      for (let n = 0; n < 30; n += 1) {
        const isUndone = random(5) === 0;
        await writer.query("BEGIN");
        for (let k = 0; k <= random(3); k += 1) {
          const id = `${name}-${n}-${k}`;
          await writer.query(INSERT, [id]);
          if (!isUndone) written.push(id);
          for (let turns = random(4); turns > 0; turns -= 1) await new Promise(setImmediate);
        }
        await writer.query(isUndone ? "ROLLBACK" : "COMMIT");
      }
    };
    let isWriting = true;
    const writing = Promise.all(writers.map(write)).finally(() => (isWriting = false));
    while (isWriting) await follower.catchUp();
    await writing;
    await follower.catchUp();
    expect(follower.read.toSorted()).toEqual(written.toSorted());
    expect(follower.read).toEqual(idsOf(await page(null, 1000)));
  });
});
