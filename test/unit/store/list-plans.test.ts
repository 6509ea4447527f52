import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SqlExecutor } from "../../../dev/sql/executor.ts";
import { openPglite } from "../../../dev/sql/pglite-executor.ts";
import { openPool } from "../../../dev/sql/pool-executor.ts";
import type { ChargerFilter, IdTag } from "../../../src/ports.ts";
import { chargerStore } from "../../../src/store/chargers.ts";
import { idTagStore } from "../../../src/store/id-tags.ts";
import { jobStore } from "../../../src/store/jobs.ts";
import { localListStore } from "../../../src/store/local-lists.ts";
import { locationStore } from "../../../src/store/locations.ts";
import type { Sql } from "../../../src/store/sql.ts";
import { tagRegistryStore } from "../../../src/store/tag-registry.ts";
import { createScratchDatabase } from "../dev/sql/scratch-sql.ts";
import {
  CHARGER,
  CHARGERS,
  explaining,
  JOB,
  fillDatabase,
  GROUP,
  LOCATION,
  LOCATIONS,
  ORGANIZATION,
  rowsRead,
  TAGS,
  type Explained,
} from "./hundred-thousand.ts";

const pgUrl = process.env["BUSBAR_PG_URL"];
const LIMIT = 50;
const KNOWN = "with statistics";
/** Whatever has a row for each charger or tag. */
const LARGE = new Set([
  "chargers",
  "charger_connections",
  "connectors",
  "locations",
  "id_tags",
  "id_tag_chargers",
]);

type Ask = (sql: Sql, offset: number) => Promise<unknown>;

const gateway =
  (filter: Partial<ChargerFilter>): Ask =>
  (sql, offset) =>
    chargerStore(sql).list(ORGANIZATION, filter, { limit: LIMIT, offset });
const registered =
  (online: boolean | null): Ask =>
  (sql, offset) =>
    chargerStore(sql).listConnected(ORGANIZATION, { online }, { limit: LIMIT, offset });

const idTags =
  (status: IdTag["status"] | null): Ask =>
  (sql, offset) =>
    idTagStore(sql).list(ORGANIZATION, status, { limit: LIMIT, offset });
const tagId = (n: number) => `tag_${String(n).padStart(26, "0")}`;
/** What is explained answers no row of theirs. */
const unread = () => null;

/** A list, and how many rows it has. */
const LISTS: Record<string, [Ask, number]> = {
  "all chargers": [gateway({}), CHARGERS],
  "chargers of a location": [gateway({ locationId: LOCATION }), 10_000],
  "READY chargers": [gateway({ status: "READY" }), 99_800],
  "FAILED chargers": [gateway({ status: "FAILED" }), 100],
  "PENDING chargers": [gateway({ status: "PENDING" }), 90],
  "chargers of a prefix": [gateway({ identityPrefix: "SITE-7" }), 11_000],
  "connected chargers": [gateway({ online: true }), 30_000],
  "chargers that are not connected": [gateway({ online: false }), 70_000],
  "READY chargers of a prefix that are not connected": [
    gateway({ online: false, status: "READY", identityPrefix: "SITE-" }),
    69_900,
  ],
  "registered chargers": [registered(null), CHARGERS],
  "registered chargers that are online": [registered(true), 30_000],
  "registered chargers that are offline": [registered(false), 70_000],
  "id tags": [idTags(null), TAGS],
  "blocked id tags": [idTags("blocked"), TAGS / 10],
  "active id tags": [idTags("active"), (TAGS / 10) * 9],
  "id tags by cursor": [
    (sql, offset) =>
      idTagStore(sql)
        .listAfter(ORGANIZATION, null, { after: tagId(TAGS - offset + 1), limit: LIMIT })
        .catch(unread),
    TAGS,
  ],
  "blocked id tags by cursor": [
    (sql, offset) =>
      idTagStore(sql)
        .listAfter(ORGANIZATION, "blocked", { after: tagId(TAGS - offset + 1), limit: LIMIT })
        .catch(unread),
    TAGS,
  ],
  "id tags valid for a charger": [
    (sql, offset) =>
      idTagStore(sql)
        .validFor(ORGANIZATION, CHARGER, offset === 0 ? "" : `card-${offset}`, LIMIT)
        .catch(unread),
    TAGS,
  ],
  "id tags of a shard": [
    (sql, offset) =>
      tagRegistryStore(sql)
        .shardPage(ORGANIZATION, 3, offset === 0 ? "" : `card-${offset}`, LIMIT)
        .catch(unread),
    TAGS,
  ],
  locations: [(sql, offset) => locationStore(sql).list(ORGANIZATION, { limit: LIMIT, offset }), LOCATIONS],
};

/** The row of a job, as its statement would return it. */
const FINISHED = {
  id: JOB,
  type: "location_chargers_create",
  status: "READY",
  workflow_run_id: null,
  error: null,
  provisioned_at: new Date(),
  total: 9_999,
  created: 9_989,
  pending: 0,
  revision: 9_989,
};

async function explain(database: SqlExecutor, ask: Ask, offset: number): Promise<Explained> {
  const { read, explained } = explaining(database);
  await ask({ read } as unknown as Sql, offset);
  const [only] = explained;
  if (!only || explained.length > 1) throw new Error(`${explained.length} statements for one page`);
  return only;
}

/** Without statistics, and before the first vacuum, nobody can know what an index alone would tell. */
function judge({ nodes }: Explained, isKnown: boolean): void {
  const sequential = nodes.filter(
    (node) => node["Node Type"] === "Seq Scan" && LARGE.has(node["Relation Name"] ?? ""),
  );
  expect(sequential.map((node) => node["Relation Name"])).toEqual([]);
  expect(nodes.filter((node) => node["Sort Space Type"] === "Disk")).toEqual([]);
  if (!isKnown) return;
  // Rows of tables, as opposed to entries of indexes: those of the page, and the few that no index describes.
  const looked = nodes.filter(({ "Node Type": type }) => /^(Index|Bitmap Heap) Scan/.test(type));
  expect(looked.reduce((sum, node) => sum + rowsRead(node), 0)).toBeLessThanOrEqual(6 * LIMIT + 300);
}

describe.each(pgUrl ? ["PGlite", "the server"] : ["PGlite"])(
  "on 100,000 chargers and id tags, %s",
  (where) => {
    let database: SqlExecutor;
    let drop: () => Promise<void> = async () => undefined;
    beforeAll(async () => {
      if (where === "PGlite") database = await openPglite({ dataDir: "memory" });
      else {
        const scratch = await createScratchDatabase(pgUrl ?? "");
        drop = scratch.drop;
        database = await openPool(scratch.url);
      }
      await fillDatabase(database);
    }, 120_000);
    afterAll(async () => {
      await database.close();
      await drop();
    });

    describe.each(["without statistics", KNOWN])("%s", (state) => {
      beforeAll(async () => {
        if (state === KNOWN) await database.run({ query: "VACUUM (ANALYZE)", params: [] });
      }, 60_000);

      it.each([
        ["and no others", false, 2],
        ["once, if its results are known", true, 1],
      ])("a finished job reads its own chargers %s", async (_name, isKnown, statementsMin) => {
        const { read, explained } = explaining(database, FINISHED);
        // Its chargers are explained, so that what is answered for them is none.
        const ref = { organizationId: ORGANIZATION, locationId: LOCATION, jobId: JOB };
        await jobStore({ read } as unknown as Sql)
          .poll(ref, new Date(), () => isKnown)
          .catch(() => null);
        expect(explained.length).toBeGreaterThanOrEqual(statementsMin);
        if (isKnown) expect(explained).toHaveLength(1);
        for (const one of explained) {
          judge(one, false);
          const chargers = one.nodes.filter((node) => node["Relation Name"] === "chargers");
          for (const node of chargers) expect(rowsRead(node)).toBeLessThanOrEqual(10_000);
        }
      });

      it.each([
        ["of a location", { locationId: LOCATION, chargerIds: null }],
        ["by their ids", { locationId: null, chargerIds: [JOB, LOCATION] }],
      ])("a command reads its own targets, %s", async (_name, selection) => {
        const only = await explain(
          database,
          (sql) =>
            chargerStore(sql)
              .commandTargets(ORGANIZATION, selection)
              .catch(() => null),
          0,
        );
        judge(only, false);
        const chargers = only.nodes.filter((node) => node["Relation Name"] === "chargers");
        for (const node of chargers) expect(rowsRead(node)).toBeLessThanOrEqual(1_001);
      });

      it.each([
        ["", null],
        [", with those of the master pass group", GROUP],
      ])("the local list of a station reads few tags of all%s", async (_name, masterPassGroupId) => {
        const work = { organizationId: ORGANIZATION, chargerId: CHARGER, masterPassGroupId };
        const ask: Ask = (sql) => localListStore(sql).wanted(work, 20, LIMIT, new Date()).catch(unread);
        const only = await explain(database, ask, 0);
        judge(only, false);
        if (state !== KNOWN) return;
        const tags = only.nodes.filter((node) => node["Relation Name"] === "id_tags");
        for (const node of tags) expect(rowsRead(node)).toBeLessThanOrEqual(20 * LIMIT);
      });

      it.each(Object.entries(LISTS))(
        "%s: a page reads only its rows, at the beginning, in the middle and at the end",
        async (_name, [ask, size]) => {
          const shallow = await explain(database, ask, 0);
          const deep = await explain(database, ask, Math.max(0, size - LIMIT));
          const middle = await explain(database, ask, Math.floor(size / 2));
          judge(shallow, state === KNOWN);
          judge(deep, state === KNOWN);
          judge(middle, state === KNOWN);
        },
      );
    });
  },
);
