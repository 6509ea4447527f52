import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyMigrations } from "../../../dev/migrate/apply-migrations.ts";
import { readMigrations } from "../../../dev/migrate/read-migrations.ts";
import type { SqlExecutor } from "../../../dev/sql/executor.ts";
import { openPglite } from "../../../dev/sql/pglite-executor.ts";
import { openPool } from "../../../dev/sql/pool-executor.ts";
import type { EventQuery } from "../../../src/ports.ts";
import { eventStore } from "../../../src/store/events.ts";
import { createScratchDatabase } from "../dev/sql/scratch-sql.ts";
import { explaining, ORGANIZATION, rowsRead } from "./hundred-thousand.ts";

const pgUrl = process.env["BUSBAR_PG_URL"];
const EVENTS = 100_000;
const LIMIT = 100;
const KNOWN = "with statistics";
const SCANNED_MAX = 5_000;

/**
 * A tenth is of another organisation, one of a thousand of a rare type. A thousand were stored together; no database has begun with
 * transactions of such low numbers.
 */
const ROWS = `INSERT INTO events (organization_id, id, type, charge_box_id, at, data, txid, created_at)
  SELECT CASE WHEN n % 11 = 0 THEN '00000000-0000-7000-8000-0000000000a2' ELSE '${ORGANIZATION}' END::uuid,
    'evt_' || lpad(n::text, 26, '0'), CASE WHEN n % 1000 = 1 THEN 'rare' ELSE 'transaction.updated' END, 'CP-' || n % 500, now(),
    json_build_object('chargeBoxId', 'CP-' || n % 500, 'transactionId', n), (n / 1000 + 3)::text::xid8,
    now() - (${EVENTS} * 11 / 10 - n) * interval '5 seconds'
  FROM generate_series(1, ${EVENTS} * 11 / 10) n`;

const id = (n: number) => ({ id: `evt_${String(n).padStart(26, "0")}` });
const ALL: EventQuery = { after: null, types: null, chargeBoxId: null, limit: LIMIT };

describe("on 100,000 events", () => {
  let database: SqlExecutor;
  let drop: () => Promise<void> = async () => undefined;
  beforeAll(async () => {
    if (pgUrl) {
      const scratch = await createScratchDatabase(pgUrl);
      drop = scratch.drop;
      database = await openPool(scratch.url);
    } else database = await openPglite({ dataDir: "memory" });
    await database.session((session) => applyMigrations(session, { migrations: readMigrations() }));
    await database.exec(ROWS);
  }, 120_000);
  afterAll(async () => {
    await database.close();
    await drop();
  });

  const queries: Record<string, [Partial<EventQuery>, number]> = {
    "from the oldest": [{}, LIMIT + 1],
    "behind one in the middle": [{ after: id(50_001) }, LIMIT + 1],
    "behind the newest": [{ after: id(109_999) }, LIMIT + 1],
    "of a rare type": [{ types: ["rare"] }, SCANNED_MAX],
    "of a charger behind one in the middle": [{ after: id(50_001), chargeBoxId: "CP-7" }, SCANNED_MAX],
    "from a time": [{ after: { storedFrom: new Date(Date.now() - 86_400_000) } }, LIMIT + 30],
  };

  describe.each(["without statistics", KNOWN])("%s", (state) => {
    beforeAll(async () => {
      if (state === KNOWN) await database.run({ query: "VACUUM (ANALYZE)", params: [] });
    }, 60_000);

    it.each(Object.entries(queries))(
      "a page %s reads its own rows by an index",
      async (_name, [query, most]) => {
        const { read, explained } = explaining(database);
        await eventStore({ read, write: read })
          .page(ORGANIZATION, { ...ALL, ...query })
          .catch(() => null);
        const nodes = explained.flatMap((one) => one.nodes);
        expect(explained).toHaveLength(1);
        expect(nodes.filter((node) => node["Node Type"] === "Seq Scan")).toEqual([]);
        const feed = nodes.filter((node) => node["Index Name"] === "events_feed");
        expect(feed).not.toEqual([]);
        const scanned = nodes.filter(({ "Node Type": type }) => /^(Index|Bitmap Heap) Scan/.test(type));
        // Without statistics the planner takes an organisation for small, and may sort all that it has.
        if (state !== KNOWN) return;
        // The scan, the data of the page, and the place it begins at.
        expect(scanned.reduce((sum, node) => sum + rowsRead(node), 0)).toBeLessThanOrEqual(most + LIMIT + 2);
      },
    );

    it("the oldest is found by an index", async () => {
      const { read, explained } = explaining(database);
      await eventStore({ read, write: read })
        .oldest(ORGANIZATION)
        .catch(() => null);
      const nodes = explained.flatMap((one) => one.nodes);
      expect(nodes.reduce((sum, node) => Math.max(sum, rowsRead(node)), 0)).toBe(1);
    });
  });
});
