import { z } from "zod";
import type { JsonObject } from "../ocpp/json.ts";
import { WEBHOOKS_MAX } from "../ports.ts";
import type { EventCursor, EventPage, EventQuery, EventStore, StoredEvent } from "../ports.ts";
import { firstRow, parseRows, timestamp } from "./rows.ts";
import type { Row, Sql } from "./sql.ts";

/** Id of an event in SQL. The time is a part of the digest too, as a number, which no setting of a connection changes. */
export const eventIdSql = (
  time: string,
  { organization = "organization_id", charger = "charger_id", type = "type", about = "about" } = {},
): string =>
  `event_id(${time}, jsonb_build_array(${organization}, ${charger}, ${type}, extract(epoch FROM ${time}), ${about})::text)`;

/** Time for the publish of a stored delivery, before the sweeper publishes it. */
const PUBLISH_WITHIN = "interval '20 seconds'";

/**
 * CTEs that store events in the statement of their facts, with their deliveries to webhooks, and `told`, which holds those that are
 * new. `from`: a relation with n (their order), organization_id, charger_id, identity, type, at, about (jsonb: what identifies the
 * event beside its charger, type and time) and data (json). `idTime`: the time in the id, which identifies the event too.
 */
export function eventsSql(from: string, idTime = "at"): string {
  return `event_row AS (
    INSERT INTO events (organization_id, id, type, charger_id, charge_box_id, at, data)
    SELECT organization_id, ${eventIdSql(idTime)}, type, charger_id, identity, at, data
    FROM ${from} ORDER BY n
    ON CONFLICT (organization_id, id) DO NOTHING
    RETURNING organization_id AS event_organization, id AS event_id, type AS event_type, charger_id AS event_charger, data
  ), delivery AS (
    INSERT INTO webhook_deliveries (webhook_id, event_id, organization_id, type, due_at)
    SELECT w.id, event_id, event_organization, event_type, now() + ${PUBLISH_WITHIN}
    FROM event_row CROSS JOIN LATERAL (
      SELECT w.id FROM webhooks w WHERE w.organization_id = event_organization AND w.active AND event_type = ANY(w.events)
        AND (w.vendor_ids IS NULL OR event_type <> 'data_transfer.received' OR data ->> 'vendorId' = ANY(w.vendor_ids))
      LIMIT ${WEBHOOKS_MAX}) w
    RETURNING webhook_id, event_id, organization_id
  ), told AS (
    SELECT event_organization, event_id, event_type, event_charger, ARRAY(SELECT d.webhook_id FROM delivery d
      WHERE d.event_id = e.event_id AND d.organization_id = event_organization) AS event_webhooks,
      (SELECT o.is_live FROM organizations o WHERE o.id = event_organization) AS event_live
    FROM event_row e
  )`;
}

/**
 * CTEs that store an event for each charger that a statement made or deleted, and `others`, which are rows as `eventsSql` reads
 * them.
 */
export function chargerEventsSql(
  rows: { created?: string; deleted?: string; others?: string },
  organization: string,
  now: string,
): string {
  const of = (source: string, n: string, type: string, data: string) =>
    `SELECT ${n} AS n, ${organization} AS organization_id, id AS charger_id, identity, '${type}' AS type, ${now} AS at,
      '[]'::jsonb AS about, json_build_object('chargeBoxId', identity, 'chargerId', id${data}) AS data FROM ${source}`;
  const made = ", 'runtime', runtime, 'locationId', location_id, 'jobId', job_id";
  const all = [
    rows.deleted ? of(rows.deleted, "-1", "charger.deleted", "") : [],
    rows.created ? of(rows.created, "coalesce(seq, 0)", "charger.created", made) : [],
    rows.others ?? [],
  ];
  return `event AS (${all.flat().join(" UNION ALL ")}), ${eventsSql("event")}`;
}

/** A time as JSON has it. */
export const isoTime = (column: string): string =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** Energy of a transaction in kWh, as `deliveredWh` counts it; null: its start or the reading is not known. */
export const energyKwh = (readingWh: string, startWh: string, offsetWh: string): string =>
  `CASE WHEN ${startWh} + ${readingWh} IS NOT NULL
    THEN (greatest(0, ${readingWh} - ${startWh} + coalesce(${offsetWh}, 0)) / 1000.0)::float8 END`;

/** A table with the last state of something, the columns that name it beside its charger, and two that make its state. */
interface States {
  table: string;
  keys: readonly string[];
  state: readonly [string, string];
}

/**
 * Facts of `f` that changed a state, with the state before as `previous_…`: that of the fact before it in the flush, of the first
 * fact that of the table. Facts as old as the state of the table are repeats if the last of them is that state.
 */
export function changesSql({ table, keys, state: [one, two] }: States): string {
  const key = ["charger_id", ...keys].map((column) => `x.${column}`).join(", ");
  const same = ["charger_id", ...keys].map((column) => `k.${column} = x.${column}`).join(" AND ");
  return `SELECT * FROM (
    SELECT x.*, CASE WHEN lag(x.n) OVER thing IS NULL THEN x.stored_one ELSE lag(x.${one}) OVER thing END AS previous_${one},
      CASE WHEN lag(x.n) OVER thing IS NULL THEN x.stored_two ELSE lag(x.${two}) OVER thing END AS previous_${two}
    FROM (
      SELECT x.*, s.${one} AS stored_one, s.${two} AS stored_two, s.updated_at AS stored_at,
        last_value(x.${one}) OVER moment AS last_one, last_value(x.${two}) OVER moment AS last_two
      FROM f x LEFT JOIN LATERAL (SELECT k.${one}, k.${two}, k.updated_at FROM ${table} k WHERE ${same} LIMIT 1) s ON true
      WHERE x.${keys[0]} IS NOT NULL AND x.at >= coalesce(s.updated_at, '-infinity')
      WINDOW moment AS (PARTITION BY ${key}, x.at ORDER BY x.n ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ) x
    WHERE x.stored_at IS NULL OR x.at > x.stored_at OR (x.last_one, x.last_two) IS DISTINCT FROM (x.stored_one, x.stored_two)
    WINDOW thing AS (PARTITION BY ${key} ORDER BY x.n)
  ) x WHERE (x.${one}, x.${two}) IS DISTINCT FROM (x.previous_${one}, x.previous_${two})`;
}

/** Columns of `told`, for a row of a result that is no event. */
export const NO_EVENT = `NULL::uuid AS event_organization, NULL::text AS event_id, NULL::text AS event_type, NULL::uuid AS event_charger, NULL::text[] AS event_webhooks, NULL::boolean AS event_live`;

const toldRow = z
  .object({
    event_organization: z.string(),
    event_id: z.string(),
    event_type: z.string(),
    event_charger: z.string().nullable(),
    event_webhooks: z.array(z.string()),
    event_live: z.boolean().nullable(),
  })
  .transform((row): StoredEvent => ({
    organizationId: row.event_organization,
    id: row.event_id,
    type: row.event_type,
    chargerId: row.event_charger,
    webhookIds: row.event_webhooks,
    isLive: row.event_live === true,
  }));

/** Divides the rows of a statement into those of `told` and the others. */
export function splitTold(rows: readonly Row[]): { events: StoredEvent[]; others: Row[] } {
  const isEvent = (row: Row) => row["event_id"] !== null && row["event_id"] !== undefined;
  return {
    events: parseRows(toldRow, rows.filter(isEvent)),
    others: rows.filter((row) => !isEvent(row)),
  };
}

/** Most rows that one page with a filter looks at. */
const SCANNED_MAX = 5_000;
/** Characters of data in one page; a single event may be longer. */
const PAGE_LENGTH_MAX = 2_000_000;

/** Longer than a transaction of the Worker may last (docs/adr/0012). */
export const LONGEST_WRITE = "interval '10 seconds'";

/**
 * Where to begin: behind the event $2, or, with $7, behind one that was stored so long before that time that its transaction began
 * before any that is meant.
 */
const POSITION = `position AS MATERIALIZED (
    (SELECT txid, seq FROM events WHERE $7::timestamptz IS NULL AND organization_id = $1::uuid AND id = $2::text)
    UNION ALL
    (SELECT txid, seq FROM events WHERE created_at < $7::timestamptz - ${LONGEST_WRITE} ORDER BY created_at DESC LIMIT 1)
  )`;

/**
 * A page of the feed. $3 types, $4 identity, $5 limit and one more, $6 rows to look at. What a transaction wrote that is open, or
 * began after one that is, is left for later.
 */
const PAGE = `WITH ${POSITION}, scanned AS MATERIALIZED (
    SELECT e.id, e.type, e.charge_box_id, e.txid, e.seq FROM events e
    WHERE e.organization_id = $1::uuid AND e.txid < pg_snapshot_xmin(pg_current_snapshot())
      AND (e.txid, e.seq) > (coalesce((SELECT txid FROM position), '0'::xid8), coalesce((SELECT seq FROM position), -1))
      AND ($7::timestamptz IS NULL OR e.created_at >= $7::timestamptz)
    ORDER BY e.txid, e.seq LIMIT $6::int
  ), found AS MATERIALIZED (
    SELECT s.id, s.txid, s.seq, d.type, d.at, d.data, length(d.data::text) AS length
    FROM (SELECT * FROM scanned WHERE ($3::text[] IS NULL OR type = ANY($3::text[])) AND ($4::text IS NULL OR charge_box_id = $4::text)
      ORDER BY txid, seq LIMIT $5::int) s
    CROSS JOIN LATERAL (SELECT e.type, e.at, e.data FROM events e
      WHERE e.organization_id = $1::uuid AND e.id = s.id LIMIT 1) d
  ), page AS (
    SELECT * FROM (SELECT *, sum(length) OVER (ORDER BY txid, seq) AS size FROM found) f
    WHERE size <= ${PAGE_LENGTH_MAX} OR size = length
  )
  SELECT h.*, page.id, page.type, page.at, page.data
  FROM (SELECT $2::text IS NULL OR EXISTS (SELECT 1 FROM position) AS is_known, (SELECT count(*)::int FROM scanned) AS scanned,
    (SELECT count(*)::int FROM found) AS found,
    (SELECT id FROM scanned ORDER BY txid DESC, seq DESC LIMIT 1) AS last_id) h
  LEFT JOIN page ON true ORDER BY page.txid, page.seq`;

const OLDEST = `SELECT id, at FROM events WHERE organization_id = $1::uuid ORDER BY txid, seq LIMIT 1`;

const headRow = z.object({
  is_known: z.boolean(),
  scanned: z.number(),
  found: z.number(),
  last_id: z.string().nullable(),
});

const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
export const eventRow = z.object({
  id: z.string(),
  type: z.string(),
  at: timestamp,
  data: z.custom<JsonObject>(isObject),
});

/** Notes that an organisation has live lines, and reads the newest event that can be read. */
const OPEN_LINE = `WITH live AS (
    UPDATE organizations SET is_live = true WHERE id = $1::uuid AND NOT is_live
  )
  SELECT id FROM events WHERE organization_id = $1::uuid AND txid < pg_snapshot_xmin(pg_current_snapshot())
  ORDER BY txid DESC, seq DESC LIMIT 1`;

const CLOSE_LINES = "UPDATE organizations SET is_live = false WHERE id = $1::uuid AND is_live";

/** Live organisations whose newest event was stored within the last two minutes. */
const LIVE_DUE = `SELECT o.id FROM organizations o CROSS JOIN LATERAL (
    SELECT e.created_at FROM events e WHERE e.organization_id = o.id ORDER BY e.txid DESC, e.seq DESC LIMIT 1) newest
  WHERE o.is_live AND newest.created_at > now() - interval '2 minutes'`;

const idRow = z.object({ id: z.string() });

/** Events in Postgres. */
export function eventStore(sql: Pick<Sql, "read" | "write">): EventStore {
  return {
    async page(organizationId, query) {
      const { after, types, chargeBoxId, limit } = query;
      const id = after && "id" in after ? after.id : null;
      const storedFrom = after && "storedFrom" in after ? after.storedFrom : null;
      const isFiltered = types !== null || chargeBoxId !== null;
      const most = isFiltered ? SCANNED_MAX : limit + 1;
      const wanted = types && `{${types.map((type) => JSON.stringify(type)).join(",")}}`;
      const params = [organizationId, id, wanted, chargeBoxId, limit + 1, most, storedFrom];
      return pageOf(await sql.read(PAGE, params), query, most);
    },

    async oldest(organizationId) {
      const rows = await sql.read(OLDEST, [organizationId]);
      return firstRow(z.object({ id: z.string(), at: timestamp }), rows);
    },

    async openLine(organizationId) {
      return firstRow(idRow, await sql.write(OPEN_LINE, [organizationId]))?.id ?? null;
    },

    async closeLines(organizationId) {
      await sql.write(CLOSE_LINES, [organizationId]);
    },

    async liveDue() {
      return parseRows(idRow, await sql.read(LIVE_DUE, []));
    },
  };
}

function pageOf(rows: Row[], { after, limit }: EventQuery, scannedMax: number): EventPage | null {
  const head = firstRow(headRow, rows);
  if (!head?.is_known) return null;
  const shown = rows.filter((row) => row["id"] !== null).slice(0, limit);
  const events = parseRows(eventRow, shown);
  const isCut = head.found > events.length;
  const next = isCut ? (events.at(-1)?.id ?? null) : (head.last_id ?? idOf(after));
  return { events, next, hasMore: isCut || head.scanned === scannedMax };
}

function idOf(after: EventCursor | null): string | null {
  return after && "id" in after ? after.id : null;
}
