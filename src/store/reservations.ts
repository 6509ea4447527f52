import { z } from "zod";
import type { StationHistory, StoredEvent, StoredReservation } from "../ports.ts";
import { eventsSql, isoTime, splitTold } from "./events.ts";
import { firstRow, parseRows, timestamp } from "./rows.ts";
import type { Row, Sql } from "./sql.ts";

/** Data of an event about a reservation, from its row and the identity of its charger. */
const EVENT_DATA = `json_build_object('chargeBoxId', identity, 'id', id, 'reservationId', reservation_id, 'connectorId', evse_id,
      'idTag', id_tag, 'expiresAt', ${isoTime("expires_at")}, 'transactionId', transaction_id)`;

/** Stores reservations: a row per id, of which only a higher revision replaces a lower one. */
const APPLY = `WITH f AS (
    SELECT DISTINCT ON (x.id) x.*, o.organization_id, o.identity, s.status AS stored_status
    FROM jsonb_to_recordset($1::jsonb) AS x(n int, charger_id uuid, id text, reservation_id int, evse_id int, id_tag text, group_id text,
      status text, transaction_id int, expires_at timestamptz, created_at timestamptz, revision int, received_at timestamptz)
    CROSS JOIN LATERAL (SELECT c.organization_id, c.identity FROM chargers c WHERE c.id = x.charger_id LIMIT 1) o
    LEFT JOIN LATERAL (SELECT r.status FROM reservations r WHERE r.id = x.id LIMIT 1) s ON true
    ORDER BY x.id, x.revision DESC
  ), stored AS (
  INSERT INTO reservations AS r (id, organization_id, charger_id, reservation_id, evse_id, id_tag, group_id, status,
    transaction_id, expires_at, created_at, updated_at, revision)
  SELECT id, organization_id, charger_id, reservation_id, evse_id, id_tag, group_id, status, transaction_id, expires_at,
    created_at, received_at, revision
  FROM f ON CONFLICT (id) DO UPDATE SET status = excluded.status, transaction_id = excluded.transaction_id,
    updated_at = excluded.updated_at, revision = excluded.revision
    WHERE r.charger_id = excluded.charger_id AND r.revision < excluded.revision
    RETURNING r.id
  ), news AS (
    SELECT f.*, ${EVENT_DATA} AS data
    FROM f JOIN stored USING (id)
  ), event AS (
    SELECT 2 * n AS n, organization_id, charger_id, identity, 'reservation.created' AS type, created_at AS at,
      jsonb_build_array(id) AS about, data
    FROM news WHERE stored_status IS NULL
    UNION ALL SELECT 2 * n + 1, organization_id, charger_id, identity, 'reservation.' || status, received_at, jsonb_build_array(id), data
    FROM news WHERE status <> 'active' AND status IS DISTINCT FROM stored_status
  ), ${eventsSql("event")}
  SELECT * FROM told`;

/** Stores reservation facts. Idempotent. */
export async function applyReservations(
  sql: Sql,
  rows: readonly Row[],
  onEvents: (events: StoredEvent[]) => void = () => undefined,
): Promise<void> {
  const { events } = splitTold(await sql.write(APPLY, [JSON.stringify(rows)]));
  if (events.length > 0) onEvents(events);
}

/**
 * Expires reservations whose time was over a day ago: their sessions, which do it at the time, were lost. A start that used one is
 * told with a higher revision.
 */
const EXPIRE_LOST = `WITH ended AS (
    UPDATE reservations SET status = 'expired', revision = 1, updated_at = $1::timestamptz
    WHERE ctid = ANY(ARRAY(SELECT ctid FROM reservations WHERE status = 'active'
      AND expires_at < $1::timestamptz - interval '1 day' ORDER BY expires_at LIMIT $2::int))
    RETURNING *
  ), event AS (
    SELECT row_number() OVER (ORDER BY expires_at, id) AS n, organization_id, charger_id, identity, 'reservation.expired' AS type,
      $1::timestamptz AS at, jsonb_build_array(id) AS about, ${EVENT_DATA} AS data
    FROM ended CROSS JOIN LATERAL (SELECT c.identity FROM chargers c WHERE c.id = ended.charger_id LIMIT 1) c
  ), ${eventsSql("event")}
  SELECT count(*)::int AS expired FROM ended`;

export async function expireLostReservations(
  sql: Pick<Sql, "write">,
  now: Date,
  rowsMax: number,
): Promise<void> {
  await sql.write(EXPIRE_LOST, [now, rowsMax]);
}

const COLUMNS = `id, reservation_id, evse_id, id_tag, group_id, status, transaction_id, expires_at, created_at`;

const reservationRow = z
  .object({
    id: z.string(),
    reservation_id: z.number(),
    evse_id: z.number(),
    id_tag: z.string(),
    group_id: z.string().nullable(),
    status: z.enum(["active", "used", "cancelled", "expired", "removed"]),
    transaction_id: z.number().nullable(),
    expires_at: timestamp,
    created_at: timestamp,
  })
  .transform((row): StoredReservation => ({
    id: row.id,
    reservationId: row.reservation_id,
    evseId: row.evse_id,
    idTag: row.id_tag,
    groupId: row.group_id,
    status: row.status,
    transactionId: row.transaction_id,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
  }));

const ONE = `SELECT ${COLUMNS} FROM reservations
  WHERE organization_id = $1::uuid AND charger_id = $2::uuid AND id = $3::text`;

/** Newest first. $3 limit, $4 the id before. */
const ALL = `SELECT ${COLUMNS} FROM reservations
  WHERE organization_id = $1::uuid AND charger_id = $2::uuid AND id < $4::text ORDER BY id DESC LIMIT $3::int`;

/** The same of one state, $5. */
const OF_STATUS = `SELECT ${COLUMNS} FROM reservations
  WHERE organization_id = $1::uuid AND charger_id = $2::uuid AND id < $4::text AND status = $5::text
  ORDER BY id DESC LIMIT $3::int`;

/** Sorts after every id of a reservation. */
const BEHIND_ALL = "rsv_~";

/** Reservations in Postgres. */
export function reservationReader(
  sql: Pick<Sql, "read">,
): Pick<StationHistory, "reservation" | "reservations"> {
  return {
    async reservation(organizationId, chargerId, id) {
      return firstRow(reservationRow, await sql.read(ONE, [organizationId, chargerId, id]));
    },

    async reservations(organizationId, chargerId, { status, after, limit }) {
      const params = [organizationId, chargerId, limit, after ?? BEHIND_ALL];
      const rows =
        status === null ? await sql.read(ALL, params) : await sql.read(OF_STATUS, [...params, status]);
      return parseRows(reservationRow, rows);
    },
  };
}
