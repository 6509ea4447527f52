import { afterAll, beforeAll, expect, it } from "vitest";
import { openPglite } from "../../../dev/sql/pglite-executor.ts";
import type { SqlExecutor } from "../../../dev/sql/executor.ts";
import { systemIds, ulidOf } from "../../../src/fleet/ids.ts";
import type { ReservationFact } from "../../../src/ports.ts";
import { applyReservations, reservationReader } from "../../../src/store/reservations.ts";
import { stationHistory } from "../../../src/store/station-history.ts";
import type { Sql } from "../../../src/store/sql.ts";
import { batchOf, openDatabase, type Database } from "../../harness/database.ts";
import { explaining, fillTransactions, ORGANIZATION, rowsRead } from "./hundred-thousand.ts";

let db: Database;
let large: SqlExecutor;
beforeAll(async () => {
  db = await openDatabase();
  large = await openPglite({ dataDir: "memory" });
  await fillTransactions(large);
  await large.exec(`INSERT INTO reservations (id, organization_id, charger_id, reservation_id, evse_id, id_tag, status, expires_at,
      created_at, updated_at, revision)
    SELECT 'rsv_' || lpad(n::text, 26, '0'), '${ORGANIZATION}', '${LARGE_CHARGER}'::uuid, n, 1, 'TAG',
      CASE WHEN n % 10000 = 0 THEN 'active' ELSE 'used' END, now(), now(), now(), 3 FROM generate_series(1, 100000) n`);
  await large.run({ query: "VACUUM (ANALYZE)", params: [] });
}, 120_000);
afterAll(async () => {
  await db.close();
  await large.close();
});

const LARGE_CHARGER = "00000000-0000-7000-8003-000000000007";

function fact(changed: Partial<ReservationFact> = {}): ReservationFact & { type: "reservation" } {
  return {
    type: "reservation",
    id: `rsv_${ulidOf(systemIds.uuid())}`,
    reservationId: 7,
    evseId: 1,
    idTag: "USER123",
    groupId: null,
    status: "active",
    transactionId: null,
    expiresAt: "2030-01-01T00:00:00.000Z",
    createdAt: "2026-01-01T00:00:00.000Z",
    revision: 0,
    ...changed,
  };
}

async function charger() {
  const tenant = await db.tenant();
  const batch = batchOf(tenant, ["A"]);
  await db.stores.jobs.accept(batch);
  const chargerId = batch.chargers[0]?.id ?? "";
  const flush = (...facts: ReservationFact[]) =>
    db.stores.chargers.applySessionFacts(
      facts.map((one) => ({
        chargerId,
        generation: 1,
        atMs: Date.now(),
        fact: { ...one, type: "reservation" as const },
      })),
    );
  return { organizationId: tenant.organization.id, chargerId, flush };
}

it("a reservation is stored once, and only a later state replaces an earlier one, in any order", async () => {
  const { organizationId, chargerId, flush } = await charger();
  const active = fact();
  const used = { ...active, status: "used", transactionId: 12, revision: 3 } as const;
  const expired = { ...active, status: "expired", revision: 1 } as const;
  await flush(active);
  await flush(used, active);
  await flush(expired);
  const history = stationHistory(db.sql);
  const page = { status: null, after: null, limit: 10 };
  const stored = await history.reservations(organizationId, chargerId, page);
  expect(stored).toMatchObject([{ id: active.id, status: "used", transactionId: 12, idTag: "USER123" }]);
  expect(await history.reservation(organizationId, chargerId, active.id)).toEqual(stored[0]);
});

it("a list is of one charger of one organisation, newest first, by state and by cursor", async () => {
  const own = await charger();
  const foreign = await charger();
  const facts = ["active", "used", "active"].map((status, n) =>
    fact({ id: `rsv_${String(n).padStart(26, "0")}`, status: status as "active" | "used" }),
  );
  await own.flush(...facts);
  await foreign.flush(fact());
  const history = stationHistory(db.sql);
  const idsOf = async (organizationId: string, page: object) => {
    const all = { status: null, after: null, limit: 10, ...page };
    return (await history.reservations(organizationId, own.chargerId, all)).map(({ id }) => id);
  };
  const [first, second, third] = facts.map(({ id }) => id);
  expect(await idsOf(own.organizationId, { limit: 2 })).toEqual([third, second]);
  expect(await idsOf(own.organizationId, { after: second })).toEqual([first]);
  expect(await idsOf(own.organizationId, { status: "active" })).toEqual([third, first]);
  expect(await idsOf(foreign.organizationId, {})).toEqual([]);
  expect(await history.reservation(foreign.organizationId, own.chargerId, first ?? "")).toBeNull();
});

it.each([null, "active", "used", "expired"] as const)(
  "a page of 100,000 reservations of a charger reads its own rows only, by state %s",
  async (status) => {
    for (const after of [null, `rsv_${"50000".padStart(26, "0")}`]) {
      const { read, explained } = explaining(large);
      const reader = reservationReader({ read } as unknown as Sql);
      await reader.reservations(ORGANIZATION, LARGE_CHARGER, { status, after, limit: 51 }).catch(() => null);
      expect(explained).toHaveLength(1);
      const nodes = explained.flatMap((plan) => plan.nodes);
      expect(nodes.filter((node) => node["Node Type"] === "Seq Scan")).toEqual([]);
      // The page, and the few of another state among rows that nearly all are of this one.
      const looked = nodes.filter(({ "Node Type": type }) => /Scan/.test(type));
      expect(looked.reduce((sum, node) => sum + rowsRead(node), 0)).toBeLessThanOrEqual(60);
    }
  },
);

it("reservations of a flush are one statement", async () => {
  const texts: string[] = [];
  const write = async (text: string) => {
    texts.push(text);
    return [];
  };
  await applyReservations({ write } as unknown as Sql, [{}, {}, {}]);
  expect(texts).toHaveLength(1);
});
