import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyMigrations } from "../../../dev/migrate/apply-migrations.ts";
import { readMigrations } from "../../../dev/migrate/read-migrations.ts";
import type { SqlExecutor } from "../../../dev/sql/executor.ts";
import { openPglite } from "../../../dev/sql/pglite-executor.ts";
import { openPool } from "../../../dev/sql/pool-executor.ts";
import { SecretSeal } from "../../../src/secret-seal.ts";
import type { Sql } from "../../../src/store/sql.ts";
import { deliveryStore } from "../../../src/store/webhook-deliveries.ts";
import { webhookStore } from "../../../src/store/webhooks.ts";
import { createScratchDatabase } from "../dev/sql/scratch-sql.ts";
import { explaining, ORGANIZATION, rowsRead } from "./hundred-thousand.ts";

const pgUrl = process.env["BUSBAR_PG_URL"];
const LIMIT = 50;
const wh = (n: number) => `wh_${String(n).padStart(26, "0")}`;
const evt = (n: number) => `evt_${String(n).padStart(26, "0")}`;

/** 100,000 deliveries of twenty webhooks; of each hundred one waits, half of those are due. */
const ROWS = `
  INSERT INTO webhooks (id, organization_id, slot, url, events, secret, created_at, updated_at)
    SELECT 'wh_' || lpad(n::text, 26, '0'), '${ORGANIZATION}', n, 'https://hooks.example.com/', '{charger.connected}', 'v1.x.y', now(), now()
    FROM generate_series(1, 20) n;
  INSERT INTO events (organization_id, id, type, at, data)
    SELECT '${ORGANIZATION}', 'evt_' || lpad(n::text, 26, '0'), 'charger.connected', now(), '{}' FROM generate_series(1, 5000) n;
  INSERT INTO webhook_deliveries (webhook_id, event_id, organization_id, type, status, due_at)
    SELECT 'wh_' || lpad((n % 20 + 1)::text, 26, '0'), 'evt_' || lpad((n / 20)::text, 26, '0'), '${ORGANIZATION}', 'charger.connected',
      CASE WHEN n % 100 = 7 THEN 'pending' ELSE 'delivered' END, now() + CASE WHEN n % 200 = 7 THEN -1 ELSE 1 END * interval '1 hour'
    FROM generate_series(1, 100000) n;`;

describe("on 100,000 deliveries", () => {
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

  const seal = new SecretSeal("x".repeat(32), "busbar webhook secret");
  const now = new Date();
  const key = { organizationId: ORGANIZATION, webhookId: wh(3), eventId: evt(2500) };
  const statements: Record<string, [(sql: Sql) => Promise<unknown>, number]> = {
    "the list of a webhook": [
      (sql) => webhookStore(sql, seal).deliveries(ORGANIZATION, wh(3), LIMIT),
      21 + LIMIT,
    ],
    "an attempt's start": [(sql) => deliveryStore(sql, seal).open(key, now), 25],
    "what is left over": [(sql) => deliveryStore(sql, seal).leftOver(now, LIMIT), 5 * LIMIT + 21],
    "the mark of a publish": [(sql) => deliveryStore(sql, seal).published([key], now), 25],
  };

  describe.each(["without statistics", "with statistics"])("%s", (state) => {
    beforeAll(async () => {
      if (state === "with statistics") await database.run({ query: "VACUUM (ANALYZE)", params: [] });
    });

    it.each(Object.entries(statements))("%s reads its own rows by an index", async (_name, [run, most]) => {
      const { read, explained } = explaining(database);
      await run({ read, write: read, store: read }).catch(() => null);
      const nodes = (explained[0]?.nodes ?? []).filter(({ "Relation Name": of }) => of !== "webhooks");
      const deliveries = nodes.filter((node) => node["Relation Name"] === "webhook_deliveries");
      expect(deliveries).not.toEqual([]);
      expect(nodes.filter((node) => node["Node Type"] === "Seq Scan")).toEqual([]);
      expect(deliveries.reduce((sum, node) => sum + rowsRead(node), 0)).toBeLessThanOrEqual(most);
    });
  });
});
