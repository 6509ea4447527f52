import { afterAll, beforeAll, expect, it } from "vitest";
import { systemIds, ulidOf } from "../../../src/fleet/ids.ts";
import { batchOf, openDatabase, type Database } from "../../harness/database.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase();
});
afterAll(() => db.close());

const RECORD = { status: 201, body: "{}", headers: {} };
const TAG = "Card*7";
const PSEUDONYM = "erased-0a1b2c3d4e5f";

/** Two chargers whose history names the tag wherever a tag can stand, one of them deleted. */
async function scene() {
  const tenant = await db.tenant();
  const organizationId = tenant.organization.id;
  const batch = batchOf(tenant, ["A", "B"]);
  await db.stores.jobs.accept(batch);
  const tagId = `tag_${ulidOf(systemIds.uuid())}`;
  const fields = { name: "Jane", status: "active", type: null, groupId: null, expiresAt: null } as const;
  const tag = { id: tagId, idTag: TAG, ...fields, chargerIds: [] };
  const claim = { method: "POST", path: "/api/v1/id-tags", key: "k", bodyHash: "h" };
  const record = { ...RECORD, body: `{"id":"${tagId}","idTag":"${TAG}"}` };
  await db.stores.idTags.create(organizationId, tag, systemIds.uuid(), claim, record, new Date());
  for (const [index, { id }] of batch.chargers.entries()) await history(organizationId, id, index + 1);
  await db.sql("UPDATE chargers SET deleted_at = now() WHERE id = $1::uuid", [batch.chargers[1]?.id]);
  return { organizationId, tagId, ids: batch.chargers.map(({ id }) => id) };
}

async function history(organizationId: string, chargerId: string, number: number): Promise<void> {
  const own = [organizationId, chargerId];
  await db.sql(
    `INSERT INTO transactions (id, organization_id, transaction_id, charger_id, evse_id, connector_id, id_tag, status, started_at,
       revision, updated_at) VALUES ('txn_' || gen_random_uuid(), $1::uuid, $3::int, $2::uuid, 1, 1, upper($4), 'completed', now(), 1, now())`,
    [...own, number, TAG],
  );
  await db.sql(
    `INSERT INTO reservations (id, organization_id, charger_id, reservation_id, evse_id, id_tag, group_id, status, expires_at,
       created_at, updated_at, revision)
     VALUES ('rsv_' || gen_random_uuid(), $1::uuid, $2::uuid, 1, 1, upper($3), 'kept', 'used', now(), now(), now(), 3)`,
    [...own, TAG],
  );
  await db.sql(
    `INSERT INTO transaction_conflicts (charger_id, id, organization_id, transaction_id, stored_id, revision, fact, at)
     VALUES ($2::uuid, 'txn_x', $1::uuid, $3::int, 'txn_y', 1, jsonb_build_object('id_tag', $4::text, 'status', 'completed'), now())`,
    [...own, number, TAG],
  );
  await db.sql(
    `INSERT INTO meter_values (id, organization_id, charger_id, reason, id_tag, "values", at)
     VALUES (gen_random_uuid(), $1::uuid, $2::uuid, 'StopTransaction', $3, '[]', now())`,
    [...own, TAG],
  );
  await db.sql(
    `INSERT INTO station_events (id, organization_id, charger_id, action, payload, at, received_at)
     VALUES (gen_random_uuid(), $1::uuid, $2::uuid, 'NotifyX', jsonb_build_object('list', jsonb_build_array(
       jsonb_build_object('idToken', jsonb_build_object('idToken', $3::text, 'type', 'Central'), 'note', 'kept'))), now(), now())`,
    [...own, TAG],
  );
  await db.sql(
    `INSERT INTO security_events (id, organization_id, charger_id, source, name, tech_info, at)
     VALUES (gen_random_uuid(), $1::uuid, $2::uuid, 'station', 'X', 'card ' || $3 || ' and CARD*77', now())`,
    [...own, TAG],
  );
  await db.sql(
    `INSERT INTO data_transfers (id, organization_id, charger_id, direction, vendor_id, data, response_data, at)
     VALUES ('dt_' || gen_random_uuid(), $1::uuid, $2::uuid, 'incoming', 'V', $3 || '!', '{"tag":"' || $3 || '"}', now())`,
    [...own, TAG],
  );
  await db.sql(
    `INSERT INTO events (organization_id, id, type, charger_id, at, data)
     SELECT $1::uuid, event_id(now(), $2::uuid || x.type), x.type, $2::uuid, now(), x.data
     FROM (VALUES ('transaction.started', json_build_object('chargeBoxId', 'kept', 'idTag', upper($3::text))),
       ('transaction.stopped', json_build_object('chargeBoxId', 'kept', 'idTag', $3::text, 'meterStart', 1)),
       ('reservation.used', json_build_object('idTag', $3::text)), ('security.event', json_build_object('techInfo', 'card ' || $3::text)),
       ('data_transfer.received', json_build_object('data', '{"x":"' || $3::text || '"}'))) x (type, data)`,
    [...own, TAG],
  );
}

const TABLES = [
  "id_tags",
  "transactions",
  "reservations",
  "transaction_conflicts",
  "meter_values",
  "station_events",
  "security_events",
  "data_transfers",
  "events",
  "idempotency_keys",
  "id_tag_jobs",
];

/** How often the tag, and its pseudonym, stand in what is stored of the organisation. */
async function occurrences(organizationId: string, text: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of TABLES) {
    const [row] = await db.sql(
      `SELECT count(*)::int AS n FROM ${table} t WHERE organization_id = $1::uuid
       AND t::text ~* ('(^|[^a-z0-9])' || $2 || '($|[^a-z0-9])')`,
      [organizationId, text],
    );
    counts[table] = Number(row?.["n"]);
  }
  return counts;
}

it("a tag is replaced in every table, of deleted chargers too, slice by slice, and nowhere else", async () => {
  const { organizationId, tagId, ids } = await scene();
  const other = await scene();
  const { tagJobs } = db.stores;
  const job = { id: systemIds.uuid(), pseudonym: PSEUDONYM, now: new Date() };
  const accepted = await tagJobs.acceptErasure(organizationId, tagId, job);
  expect(accepted).toMatchObject({
    start: { id: job.id, organizationId, type: "erase", total: 2, attempt: 0 },
    update: { tags: [], gone: ["card*7"], version: 2 },
  });
  expect(await tagJobs.acceptErasure(organizationId, tagId, { ...job, id: systemIds.uuid() })).toBeNull();
  expect(await tagJobs.erasureOf(organizationId, tagId)).toBe(job.id);
  expect(await tagJobs.erasureOf(other.organizationId, tagId)).toBeNull();
  const parts: string[][] = [];
  for (;;) {
    const part = await tagJobs.erasurePart(organizationId, job.id, 1);
    if (!part || part.chargers.length === 0) break;
    parts.push(part.chargers.map(({ identity }) => identity));
    await tagJobs.erase(organizationId, job.id, part, new Date());
    // A second delivery of the step.
    await tagJobs.erase(organizationId, job.id, part, new Date());
  }
  expect(parts).toEqual([["A"], ["B"]]);
  expect(await tagJobs.get(organizationId, job.id)).toMatchObject({
    status: "RUNNING",
    progress: { total: 2, done: 2 },
  });
  await tagJobs.finish(organizationId, job.id, new Date());
  expect(await tagJobs.get(organizationId, job.id)).toMatchObject({
    type: "erase",
    status: "DONE",
    failures: [],
  });
  expect(await tagJobs.erasurePart(organizationId, job.id, 1)).toBeNull();

  const none = Object.fromEntries(TABLES.map((table) => [table, 0]));
  expect(await occurrences(organizationId, "card\\*7")).toEqual(none);
  const stood = {
    transactions: 2,
    reservations: 2,
    transaction_conflicts: 2,
    meter_values: 2,
    station_events: 2,
  };
  const erased = { ...none, ...stood, security_events: 2, data_transfers: 2, events: 10, id_tag_jobs: 1 };
  expect(await occurrences(organizationId, PSEUDONYM)).toEqual(erased);
  const [event] = await db.sql("SELECT tech_info FROM security_events WHERE charger_id = $1::uuid", [ids[0]]);
  expect(event?.["tech_info"]).toBe(`card ${PSEUDONYM} and CARD*77`);
  expect(await occurrences(other.organizationId, PSEUDONYM)).toEqual(none);
  expect((await occurrences(other.organizationId, "card\\*7"))["transactions"]).toBe(2);
});
