import { z } from "zod";
import type { GoneCharger, StoredEvent, TransactionIdsOnRecord } from "../ports.ts";
import { energyKwh, eventsSql, NO_EVENT, splitTold } from "./events.ts";
import { onlyRow, parseRows } from "./rows.ts";
import type { Row, Sql } from "./sql.ts";

/** A transaction that began or ended by this statement; one that is stored when it has ended did both. */
const EVENTS = `SELECT 2 * n AS n, organization_id, charger_id, identity, started_at AS at, jsonb_build_array(id) AS about,
      'transaction.started' AS type,
      json_build_object('transactionId', transaction_id, 'chargeBoxId', identity, 'connectorId', evse_id, 'idTag', id_tag,
        'meterStart', meter_start_wh) AS data
    FROM news WHERE status IN ('in_progress', 'completed') AND coalesce(stored_status, 'pending') IN ('pending', 'expired')
    UNION ALL
    SELECT 2 * n + 1, organization_id, charger_id, identity, coalesce(stopped_at, at), jsonb_build_array(id), 'transaction.stopped',
      json_build_object('transactionId', transaction_id, 'chargeBoxId', identity, 'connectorId', evse_id, 'idTag', id_tag,
        'meterStart', meter_start_wh, 'meterStop', meter_stop_wh,
        'energyDelivered', ${energyKwh("coalesce(meter_stop_wh, last_meter_wh)", "meter_start_wh", "meter_offset_wh")},
        'durationMinutes', floor(greatest(0, extract(epoch FROM coalesce(stopped_at, at) - started_at)) / 60)::bigint,
        'stopReason', stop_reason)
    FROM news WHERE status = 'completed' AND stored_status IS DISTINCT FROM 'completed'
    UNION ALL
    SELECT 0, k.organization_id, k.charger_id, j.identity, k.at, jsonb_build_array(s.id), 'security.event',
      json_build_object('chargeBoxId', j.identity, 'source', 'central', 'type', s.name, 'techInfo', s.tech_info)
    FROM noticed s JOIN conflicts k ON k.charger_id = s.charger_id AND k.tech_info = s.tech_info
    JOIN judged j ON j.charger_id = k.charger_id AND j.id = k.id`;

/**
 * Stores transactions. A number (`transaction_id`) belongs to the transaction that was stored with it first. Another
 * transaction with that number is stored as a conflict with its whole fact, and its charger gets a security event.
 */
const APPLY = `WITH f AS (
    SELECT DISTINCT ON (o.organization_id, x.transaction_id, x.charger_id, x.id) x.*, o.organization_id, o.identity
    FROM jsonb_to_recordset($1::jsonb) AS x(n int, charger_id uuid, id text, transaction_id int, ocpp_transaction_id text, evse_id int,
      connector_id int, id_tag text, status text, meter_start_wh bigint, meter_stop_wh bigint, last_meter_wh bigint,
      meter_offset_wh bigint, started_at timestamptz, stopped_at timestamptz, stop_reason text, remote_started boolean,
      lost_stop boolean, revision int, at timestamptz)
    CROSS JOIN LATERAL (SELECT c.organization_id, c.identity FROM chargers c WHERE c.id = x.charger_id LIMIT 1) o
    ORDER BY o.organization_id, x.transaction_id, x.charger_id, x.id, x.revision DESC
  ), judged AS (
    SELECT f.*, s.revision AS stored_revision, s.status AS stored_status, coalesce(s.id, first_value(f.id) OVER same) AS owner_id,
      coalesce(s.charger_id, first_value(f.charger_id) OVER same) AS owner
    FROM f LEFT JOIN transactions s ON s.organization_id = f.organization_id AND s.transaction_id = f.transaction_id
    WINDOW same AS (PARTITION BY f.organization_id, f.transaction_id ORDER BY f.started_at, f.id)
  ), stored AS (
    INSERT INTO transactions AS t (id, organization_id, transaction_id, charger_id, evse_id, connector_id, id_tag, status,
      meter_start_wh, meter_stop_wh, last_meter_wh, meter_offset_wh, started_at, stopped_at, stop_reason, ocpp_transaction_id,
      remote_started, lost_stop, revision, updated_at)
    SELECT id, organization_id, transaction_id, charger_id, evse_id, connector_id, id_tag, status, meter_start_wh,
      meter_stop_wh, last_meter_wh, coalesce(meter_offset_wh, 0), started_at, stopped_at, stop_reason, ocpp_transaction_id,
      remote_started, lost_stop, revision, at
    FROM judged WHERE owner_id = id AND owner = charger_id
    ON CONFLICT (organization_id, transaction_id) DO UPDATE SET evse_id = excluded.evse_id,
      connector_id = excluded.connector_id, id_tag = excluded.id_tag, status = excluded.status,
      meter_start_wh = excluded.meter_start_wh, meter_stop_wh = excluded.meter_stop_wh,
      last_meter_wh = excluded.last_meter_wh, meter_offset_wh = excluded.meter_offset_wh, started_at = excluded.started_at,
      stopped_at = excluded.stopped_at,
      stop_reason = excluded.stop_reason, ocpp_transaction_id = coalesce(excluded.ocpp_transaction_id, t.ocpp_transaction_id),
      remote_started = excluded.remote_started, lost_stop = excluded.lost_stop,
      revision = excluded.revision, updated_at = excluded.updated_at
      WHERE t.id = excluded.id AND t.charger_id = excluded.charger_id AND t.revision < excluded.revision
    RETURNING t.id
  ), conflicts AS (
    INSERT INTO transaction_conflicts AS k (id, organization_id, transaction_id, charger_id, stored_id, revision, fact, at)
    SELECT id, organization_id, transaction_id, charger_id, owner_id, revision,
      to_jsonb(judged) - '{n,organization_id,identity,stored_revision,stored_status,owner_id,owner}'::text[], at
    FROM judged WHERE owner_id <> id OR owner <> charger_id
    ON CONFLICT (charger_id, id) DO UPDATE SET fact = excluded.fact, revision = excluded.revision
      WHERE k.revision < excluded.revision
    RETURNING k.id, k.charger_id, k.organization_id, 'transaction ' || k.transaction_id || ' belongs to ' || k.stored_id AS tech_info,
      k.at
  ), noticed AS (
    INSERT INTO security_events (id, organization_id, charger_id, source, name, tech_info, at, received_at)
    SELECT encode(substring(sha256(convert_to(charger_id || id, 'UTF8')) FROM 1 FOR 16), 'hex')::uuid, organization_id,
      charger_id, 'central', 'TransactionConflict', tech_info, at, at
    FROM conflicts ON CONFLICT (id) DO NOTHING
    RETURNING id, charger_id, name, tech_info
  ), news AS (
    SELECT j.* FROM judged j JOIN stored s ON s.id = j.id WHERE j.owner_id = j.id AND j.owner = j.charger_id
  ), event AS (
    ${EVENTS}
  ), ${eventsSql("event")}
  SELECT id, charger_id, transaction_id, owner_id, owner_id <> id OR owner <> charger_id AS refused,
    id NOT IN (SELECT id FROM stored) AND coalesce(stored_revision < revision, true) AS overtaken, false AS is_unknown,
    ${NO_EVENT}
  FROM judged
  UNION ALL SELECT '', NULL, 0, '', false, false, false, told.* FROM told
  UNION ALL SELECT '', r.charger_id, 0, '', false, false, true, ${NO_EVENT}
  FROM (SELECT DISTINCT charger_id FROM jsonb_to_recordset($1::jsonb) AS t(charger_id uuid)) r
  WHERE NOT EXISTS (SELECT 1 FROM chargers c WHERE c.id = r.charger_id)`;

const appliedRow = z.object({
  id: z.string(),
  charger_id: z.string(),
  transaction_id: z.number(),
  owner_id: z.string(),
  refused: z.boolean(),
  overtaken: z.boolean(),
  is_unknown: z.boolean(),
});

/** Stores transaction facts. Idempotent. Returns chargers without a row, whose transactions were dropped. */
export async function applyTransactions(
  sql: Sql,
  rows: readonly Row[],
  onEvents: (events: StoredEvent[]) => void,
): Promise<GoneCharger[]> {
  const wire = JSON.stringify(rows);
  const apply = async () => {
    const { events, others } = splitTold(await sql.write(APPLY, [wire]));
    if (events.length > 0) onEvents(events);
    return parseRows(appliedRow, others);
  };
  const first = await apply();
  // Another statement stored one of the numbers at the same moment; a repeat sees it.
  const isOvertaken = first.some(({ refused, overtaken }) => overtaken && !refused);
  const applied = isOvertaken ? await apply() : first;
  for (const { refused, ...row } of applied) {
    if (!refused) continue;
    const about = {
      charger: row.charger_id,
      transactionId: row.transaction_id,
      id: row.id,
      storedId: row.owner_id,
    };
    console.error(JSON.stringify({ event: "history.transactionConflict", ...about }));
  }
  return applied.flatMap(({ charger_id: chargerId, is_unknown }) =>
    is_unknown ? [{ chargerId, isDeleted: false }] : [],
  );
}

/** Upper bound of the ids per charger that it holds or has used and Postgres does not know: two blocks. */
const UNKNOWN_PER_CHARGER = 40;

/** Highest number in two indexes. Chargers are counted only if the organisation has transactions. */
const HIGHEST = `WITH known AS (
    SELECT greatest(
      (SELECT max(transaction_id) FROM transactions WHERE organization_id = $1::uuid),
      (SELECT max(transaction_id) FROM transaction_conflicts WHERE organization_id = $1::uuid)) AS highest_id
  )
  SELECT coalesce(highest_id, 0) AS highest_id, CASE WHEN highest_id IS NULL THEN 0 ELSE ${UNKNOWN_PER_CHARGER} *
    (SELECT count(*)::int FROM chargers WHERE organization_id = $1::uuid AND deleted_at IS NULL) END AS unknown
  FROM known`;

const highestRow = z.object({ highest_id: z.number(), unknown: z.number() });

/** Transaction ids in use in an organisation, for an allocator that lost its storage. */
export async function transactionIdsOnRecord(
  sql: Sql,
  organizationId: string,
): Promise<TransactionIdsOnRecord> {
  const { highest_id: highest, unknown } = onlyRow(highestRow, await sql.read(HIGHEST, [organizationId]));
  return { highest, unknown };
}
