import { z } from "zod";
import { NotFound } from "../errors.ts";
import type { ChargerStore, ChargersUpdated } from "../ports.ts";
import { CHARGER_COLUMNS, chargerRow, recordVersion } from "./charger-rows.ts";
import { chargerEventsSql } from "./events.ts";
import { firstRow, isUuid, parseRows, uuidArray } from "./rows.ts";
import type { Sql } from "./sql.ts";

/** Most chargers that one request may change. */
const SELECTION_MAX = 1000;

/** Condition of a `ChargerSelection`. $1 organisation, $2 location or null, $3 ids or null. */
const SELECTED = `c.organization_id = $1::uuid AND c.deleted_at IS NULL AND ($2::uuid IS NULL OR c.location_id = $2::uuid)
  AND ($3::uuid[] IS NULL OR c.id = ANY($3::uuid[]))`;

/** Inserts one effect per row of `source`, numbered by charger id. $4 batch id, $5 now. */
const effectsSql = (source: string, kind: string) => `effects AS (
    INSERT INTO charger_effects (batch_id, seq, organization_id, charger_id, kind, published_at)
    SELECT $4::uuid, row_number() OVER (ORDER BY id) - 1, $1::uuid, id, ${kind}, $5::timestamptz FROM ${source}
    RETURNING seq
  )`;

/** New value of a column. $6 holds the changes: `value` if the key is present, otherwise `current`. */
const given = (key: string, value: string, current: string) =>
  `CASE WHEN $6::jsonb ? '${key}' THEN ${value} ELSE ${current} END AS ${key}`;

/**
 * Changes the selected chargers and writes effects for simulated stations whose configuration changed. A new
 * connector type makes the station restart, because a station only shows it after a boot.
 */
const UPDATE = `WITH place AS (
    SELECT id FROM locations WHERE id = ($6::jsonb ->> 'location_id')::uuid AND organization_id = $1::uuid FOR KEY SHARE
  ), target AS (
    SELECT c.* FROM chargers c WHERE ${SELECTED} ORDER BY c.created_at, c.id LIMIT ${SELECTION_MAX + 1} FOR UPDATE
  ), gate AS (
    SELECT 1 WHERE (SELECT count(*) FROM target) <= ${SELECTION_MAX}
      AND (NOT $6::jsonb ? 'location_id' OR EXISTS (SELECT 1 FROM place))
  ), next AS (
    SELECT t.id, ${given("name", "$6::jsonb ->> 'name'", "t.name")},
      ${given("connector_type", "coalesce($6::jsonb ->> 'connector_type', $7::jsonb ->> (t.brand_slug || '/' || t.model_slug))", "t.connector_type")},
      ${given("ocpp_version", "$6::jsonb ->> 'ocpp_version'", "t.ocpp_version")},
      ${given("ws_url", "$6::jsonb ->> 'ws_url'", "t.ws_url")},
      ${given("location_name", "$6::jsonb ->> 'location_name'", "t.location_name")},
      ${given("location_id", "($6::jsonb ->> 'location_id')::uuid", "t.location_id")}
    FROM target t, gate WHERE NOT (t.runtime = 'external' AND $6::jsonb ->> 'ws_url' IS NOT NULL)
  ), changed AS (
    UPDATE chargers c SET name = n.name, connector_type = n.connector_type, ocpp_version = n.ocpp_version, ws_url = n.ws_url,
      location_name = n.location_name, location_id = n.location_id, updated_at = $5::timestamptz, revision = c.revision + 1
    FROM next n JOIN target t ON t.id = n.id
    WHERE c.id = n.id AND (t.name, t.connector_type, t.ocpp_version, t.ws_url, t.location_name, t.location_id)
      IS DISTINCT FROM (n.name, n.connector_type, n.ocpp_version, n.ws_url, n.location_name, n.location_id)
    RETURNING ${CHARGER_COLUMNS}, c.runtime = 'simulated' AND c.status <> 'FAILED'
      AND (t.connector_type, t.ocpp_version, t.ws_url) IS DISTINCT FROM (n.connector_type, n.ocpp_version, n.ws_url) AS needs_effect,
      t.connector_type IS DISTINCT FROM n.connector_type AS needs_restart
  ), affected AS (SELECT id, needs_restart FROM changed WHERE needs_effect),
  ${effectsSql("affected", "CASE WHEN needs_restart THEN 'restart' ELSE 'sync' END")}, result AS (
    SELECT ch.id, ch.identity, ch.name, ch.vendor_name, ch.model, ch.image_url, ch.ocpp_version, ch.number_of_connectors,
      ch.max_charging_power, ch.connector_type, ch.location_id, ch.revision, ch.created_at, ch.updated_at, true AS valid
    FROM changed ch
    UNION ALL
    SELECT ${CHARGER_COLUMNS}, n.id IS NOT NULL FROM target c LEFT JOIN next n ON n.id = c.id
    WHERE NOT EXISTS (SELECT 1 FROM changed ch WHERE ch.id = c.id)
  )
  SELECT s.*, r.* FROM (SELECT (SELECT count(*)::int FROM target) AS selected, (SELECT count(*)::int FROM effects) AS effects,
    NOT $6::jsonb ? 'location_id' OR EXISTS (SELECT 1 FROM place) AS place) s
  LEFT JOIN result r ON true ORDER BY r.created_at, r.id`;

const CANCELLED = JSON.stringify({
  code: "CANCELLED",
  message: "The charger was deleted before it was ready",
  retryable: false,
});

/** Marks the selected chargers deleted, fails PENDING ones, and writes an effect per charger. */
const REMOVE = `WITH target AS (
    SELECT c.id, c.status FROM chargers c WHERE ${SELECTED} ORDER BY c.id FOR UPDATE
  ), offline AS (
    UPDATE charger_connections s SET online = false FROM target t WHERE s.charger_id = t.id AND s.online
  ), gone AS (
    UPDATE chargers c SET deleted_at = $5::timestamptz, last_location_id = c.location_id, location_id = NULL,
      status = CASE WHEN c.status = 'PENDING' THEN 'FAILED' ELSE c.status END,
      error = CASE WHEN c.status = 'PENDING' THEN $6::jsonb ELSE c.error END,
      settled_at = CASE WHEN c.status = 'PENDING' THEN $5::timestamptz ELSE c.settled_at END,
      revision = c.revision + 1
    FROM target t WHERE c.id = t.id
    RETURNING c.id, c.identity, c.runtime, c.simulator_host, CASE WHEN t.status = 'PENDING' THEN c.job_id END AS job_id
  ), ${effectsSql("gone", "'sync'")}, ${chargerEventsSql({ deleted: "gone" }, "$1::uuid", "$5::timestamptz")}
  SELECT id, identity, runtime, simulator_host, job_id FROM gone`;

/** Sets the desired run state of a READY simulated charger and writes its effect. $6: start, stop or restart. */
const SET_RUNTIME = `WITH target AS (
    SELECT c.id, c.status, c.runtime, c.ocpp_version, c.desired_count FROM chargers c WHERE ${SELECTED} FOR UPDATE
  ), changed AS (
    UPDATE chargers c SET desired_count = CASE WHEN $6::text = 'stop' THEN 0 ELSE 1 END
    FROM target t WHERE c.id = t.id AND t.status = 'READY' AND t.runtime = 'simulated'
      AND ($6::text = 'restart' OR t.desired_count <> CASE WHEN $6::text = 'stop' THEN 0 ELSE 1 END)
    RETURNING c.id
  ), ${effectsSql("changed", "CASE WHEN $6::text = 'restart' THEN 'restart' ELSE 'sync' END")}
  SELECT t.ocpp_version, (SELECT count(*)::int FROM effects) AS effects,
    CASE WHEN t.runtime = 'external' THEN 'external' WHEN t.status <> 'READY' THEN 'notProvisioned' ELSE 'done' END AS state
  FROM target t`;

/**
 * Reads the result of REMOVE from its effects, in case its answer is lost. The batch is not published yet, so all its
 * effects are still there.
 */
const REMOVED = `SELECT c.id, c.identity, c.runtime, c.simulator_host, CASE WHEN c.settled_at = c.deleted_at THEN c.job_id END AS job_id
  FROM charger_effects e JOIN chargers c ON c.id = e.charger_id WHERE e.batch_id = $1::uuid`;

/** The same for SET_RUNTIME. */
const RUNTIME_SET = `SELECT c.ocpp_version, (SELECT count(*)::int FROM charger_effects WHERE batch_id = $3::uuid) AS effects,
    CASE WHEN c.runtime = 'external' THEN 'external' WHEN c.status <> 'READY' THEN 'notProvisioned' ELSE 'done' END AS state
  FROM chargers c WHERE c.organization_id = $1::uuid AND c.id = $2::uuid AND c.deleted_at IS NULL`;

const updateRow = z.object({
  selected: z.number(),
  effects: z.number(),
  place: z.boolean(),
  valid: z.boolean().nullable(),
});
const goneRow = z.object({
  id: z.string(),
  identity: z.string(),
  runtime: z.enum(["simulated", "external"]),
  simulator_host: z.string().nullable(),
  job_id: z.string().nullable(),
});
const runtimeRow = z.object({
  state: z.enum(["done", "notProvisioned", "external"]),
  ocpp_version: recordVersion.nullable(),
  effects: z.number(),
});

type Changes = Pick<ChargerStore, "update" | "remove" | "setRuntime">;

function wireChanges(changes: Parameters<ChargerStore["update"]>[2]): string {
  const named = {
    name: changes.name,
    connector_type: changes.connectorType,
    ocpp_version: changes.ocppVersion,
    ws_url: changes.wsUrl,
    location_id: changes.locationId,
    location_name: changes.locationName,
  };
  return JSON.stringify(named);
}

function readUpdate(
  rows: Record<string, unknown>[],
  batchId: string,
  target: string | undefined,
): ChargersUpdated {
  const heads = parseRows(updateRow, rows);
  const head = heads[0] ?? { selected: 0, effects: 0, place: true };
  if (!head.place) throw new NotFound("Location", target ?? null);
  const of = (valid: boolean) => rows.filter((row) => row["id"] !== null && row["valid"] === valid);
  const updated = head.selected > SELECTION_MAX ? [] : parseRows(chargerRow, of(true));
  return {
    updated,
    invalid: of(false).map((row) => String(row["id"])),
    selected: head.selected,
    effects: head.effects > 0 ? { id: batchId, total: head.effects } : null,
  };
}

/** Changes and deletions of chargers, each one statement that writes its effects as well. */
export function chargerChanges(sql: Sql): Changes {
  return {
    async update(organizationId, { locationId, chargerIds }, changes, { connectorTypes }, batchId, now) {
      if (changes.locationId !== undefined && !isUuid(changes.locationId))
        throw new NotFound("Location", changes.locationId);
      const params = [
        organizationId,
        locationId,
        uuidArray(chargerIds),
        batchId,
        now,
        wireChanges(changes),
        JSON.stringify(connectorTypes),
      ];
      // A repeat finds nothing to change and returns no batch; the sweeper publishes the effects of the first try.
      const rows = await sql.store(UPDATE, params, "repeat");
      return readUpdate(rows, batchId, changes.locationId);
    },

    async remove(organizationId, { locationId, chargerIds }, batchId, now) {
      const rows = await sql.store(
        REMOVE,
        [organizationId, locationId, uuidArray(chargerIds), batchId, now, CANCELLED],
        { text: REMOVED, params: [batchId] },
      );
      const removed = parseRows(goneRow, rows);
      const jobIds = new Set(removed.flatMap((row) => (row.job_id === null ? [] : [row.job_id])));
      const effects = removed.length > 0 ? { id: batchId, total: removed.length } : null;
      const gone = removed.map(({ id: chargerId, simulator_host: simulatorHost, identity, runtime }) => ({
        chargerId,
        identity,
        runtime,
        simulatorHost,
      }));
      return { gone, jobIds: [...jobIds], effects };
    },

    async setRuntime(organizationId, id, event, batchId, now) {
      if (!isUuid(id)) return null;
      const rows = await sql.store(
        SET_RUNTIME,
        [organizationId, null, uuidArray([id]), batchId, now, event],
        { text: RUNTIME_SET, params: [organizationId, id, batchId] },
      );
      const row = firstRow(runtimeRow, rows);
      if (row === null) return null;
      const effects = row.effects > 0 ? { id: batchId, total: row.effects } : null;
      return { state: row.state, ocppVersion: row.ocpp_version, effects };
    },
  };
}
