import { z } from "zod";
import type { Page, Paged, StoredTransaction, TransactionFilter, TransactionPlace } from "../ports.ts";
import { firstRow, onlyRow, parseRows, timestamp } from "./rows.ts";
import type { Sql } from "./sql.ts";

const INT_MAX = 2 ** 31 - 1;

type Reading = Pick<Sql, "read">;

/** Meters are bigint columns; the driver delivers bigint as text and float8 as a number. */
const COLUMNS = `t.id, t.transaction_id, t.ocpp_transaction_id, t.charger_id, c.identity, t.evse_id, t.id_tag, t.status,
    t.meter_start_wh::float8 AS meter_start, t.meter_stop_wh::float8 AS meter_stop, t.last_meter_wh::float8 AS last_meter,
    t.meter_offset_wh::float8 AS meter_offset,
    t.started_at, t.stopped_at, t.stop_reason, t.remote_started, t.updated_at`;

const transactionRow = z
  .object({
    id: z.string(),
    transaction_id: z.number(),
    ocpp_transaction_id: z.string().nullable(),
    charger_id: z.string(),
    identity: z.string(),
    evse_id: z.number(),
    id_tag: z.string().nullable(),
    status: z.enum(["pending", "in_progress", "completed", "expired"]),
    meter_start: z.number().nullable(),
    meter_stop: z.number().nullable(),
    last_meter: z.number().nullable(),
    meter_offset: z.number(),
    started_at: timestamp,
    stopped_at: timestamp.nullable(),
    stop_reason: z.string().nullable(),
    remote_started: z.boolean(),
    updated_at: timestamp,
  })
  .transform((row): StoredTransaction => ({
    id: row.id,
    transactionId: row.transaction_id,
    ocppTransactionId: row.ocpp_transaction_id,
    chargerId: row.charger_id,
    identity: row.identity,
    evseId: row.evse_id,
    idTag: row.id_tag,
    status: row.status,
    meterStartWh: row.meter_start,
    meterStopWh: row.meter_stop,
    lastMeterWh: row.last_meter,
    meterOffsetWh: row.meter_offset,
    startedAt: row.started_at,
    stoppedAt: row.stopped_at,
    stopReason: row.stop_reason,
    remoteStarted: row.remote_started,
    updatedAt: row.updated_at,
  }));

/** One transaction, by number or id. */
const TRANSACTION = `SELECT ${COLUMNS} FROM transactions t JOIN chargers c ON c.id = t.charger_id
  WHERE t.organization_id = $1::uuid AND (t.transaction_id = $2::int OR t.id = $3::text)`;

/** A transaction by its number in the organisation or by its `txn_` id; null: none, also for any other text. */
export async function readTransaction(
  sql: Reading,
  organizationId: string,
  id: string,
): Promise<StoredTransaction | null> {
  const number = /^[1-9]\d{0,9}$/.test(id) && Number(id) <= INT_MAX ? Number(id) : null;
  if (number === null && !/^txn_[\w-]{1,60}$/.test(id)) return null;
  return firstRow(transactionRow, await sql.read(TRANSACTION, [organizationId, number, id]));
}

const STATUS = {
  pending: "t.status = 'pending'",
  in_progress: "t.status = 'in_progress'",
  completed: "t.status = 'completed'",
  expired: "t.status = 'expired'",
} satisfies Record<StoredTransaction["status"], string>;

/** Both indexes on the identity are partial, so each half names its condition. */
const CHARGER_IDS = (place: string) => `(SELECT x.id FROM chargers x
    WHERE x.organization_id = $1::uuid AND x.identity = ${place}::text AND x.deleted_at IS NULL
  UNION ALL SELECT x.id FROM chargers x
    WHERE x.organization_id = $1::uuid AND x.identity = ${place}::text AND x.deleted_at IS NOT NULL)`;

/**
 * Conditions of a filter and their parameters, which follow `taken` others. A condition that is not set does not appear in the
 * statement, and a status appears as a constant: the planner then knows which index holds it. `chargers`: ids of the chargers that
 * are meant; null: all.
 */
function conditionsOf({ identity, status, idTag, from, to }: TransactionFilter, taken: number) {
  const conditions = ["t.organization_id = $1::uuid"];
  const params: unknown[] = [];
  const place = (value: unknown) => `$${params.push(value) + taken}`;
  if (status) conditions.push(STATUS[status]);
  if (idTag) conditions.push(`lower(t.id_tag) = lower(${place(idTag)}::text)`);
  if (from) conditions.push(`t.started_at >= ${place(from)}::timestamptz`);
  if (to) conditions.push(`t.started_at < ${place(to)}::timestamptz`);
  const chargers = identity === null ? null : CHARGER_IDS(place(identity));
  return { where: conditions.join(" AND "), chargers, params };
}

const order = (direction: string) => `ORDER BY t.started_at${direction}, t.transaction_id${direction}`;

/**
 * Next transactions after a place. $2 limit, $3 and $4 the place. Each charger of an identity is read in its own order, so that no
 * more rows are read than asked for.
 */
export async function transactionsAfter(
  sql: Reading,
  organizationId: string,
  filter: TransactionFilter,
  { after, limit }: { after: TransactionPlace; limit: number },
): Promise<StoredTransaction[]> {
  const { where, chargers, params } = conditionsOf(filter, 4);
  const next = `${where} AND (t.started_at, t.transaction_id) < ($3::timestamptz, $4::int)`;
  const page = chargers
    ? `SELECT t.* FROM ${chargers} x CROSS JOIN LATERAL (SELECT * FROM transactions t WHERE t.charger_id = x.id AND ${next}
        ${order(" DESC")} LIMIT $2::int) t ${order(" DESC")} LIMIT $2::int`
    : `SELECT t.* FROM transactions t WHERE ${next} ${order(" DESC")} LIMIT $2::int`;
  const text = `SELECT ${COLUMNS} FROM (${page}) t
    CROSS JOIN LATERAL (SELECT k.identity FROM chargers k WHERE k.id = t.charger_id LIMIT 1) c ${order(" DESC")}`;
  const place = [after.startedAt, after.transactionId];
  return parseRows(transactionRow, await sql.read(text, [organizationId, limit, ...place, ...params]));
}

/** Keys of the matching transactions. OFFSET 0 keeps the planner from reading the whole organisation for one charger. */
function keysOf({ where, chargers }: Pick<ReturnType<typeof conditionsOf>, "where" | "chargers">): string {
  if (!chargers) return `transactions t WHERE ${where}`;
  return `${chargers} x CROSS JOIN LATERAL (SELECT t.started_at, t.transaction_id FROM transactions t
    WHERE t.charger_id = x.id AND ${where} OFFSET 0) t`;
}

const totalRow = z.object({ total: z.number() });

async function countOf(sql: Reading, organizationId: string, filter: TransactionFilter): Promise<number> {
  const conditions = conditionsOf(filter, 1);
  const text = `SELECT count(*)::int AS total FROM ${keysOf(conditions)}`;
  return onlyRow(totalRow, await sql.read(text, [organizationId, ...conditions.params])).total;
}

/** Selects the keys of the page from an index, then looks up its rows. $2 limit, $3 offset. */
async function pageOf(
  sql: Reading,
  organizationId: string,
  filter: TransactionFilter,
  { limit, offset, direction }: Page & { direction: "" | " DESC" },
): Promise<StoredTransaction[]> {
  const conditions = conditionsOf(filter, 3);
  const text = `WITH page AS MATERIALIZED (SELECT t.started_at, t.transaction_id FROM ${keysOf(conditions)} ${order(direction)}
      LIMIT $2::bigint OFFSET $3::bigint)
    SELECT ${COLUMNS} FROM page p
    CROSS JOIN LATERAL (SELECT * FROM transactions t WHERE t.organization_id = $1::uuid AND t.transaction_id = p.transaction_id LIMIT 1) t
    CROSS JOIN LATERAL (SELECT k.identity FROM chargers k WHERE k.id = t.charger_id LIMIT 1) c ${order(" DESC")}`;
  const rows = await sql.read(text, [organizationId, limit, offset, ...conditions.params]);
  return parseRows(transactionRow, rows);
}

/**
 * A page that begins nearer to the first row than this does not wait for the number of rows: skipping so many entries of an index
 * takes about as long as counting a million rows.
 */
const BESIDE = 600_000;

/**
 * One page by offset, and the number that match. A farther page is read from the nearer end of the list. Count and page are two
 * statements: in one, the planner takes a tenth of the table for the page.
 */
export async function transactionPage(
  sql: Reading,
  organizationId: string,
  filter: TransactionFilter,
  page: Page,
): Promise<Paged<StoredTransaction>> {
  const counted = countOf(sql, organizationId, filter);
  const front = { ...page, direction: " DESC" } as const;
  if (page.offset < BESIDE) {
    const [total, rows] = await Promise.all([counted, pageOf(sql, organizationId, filter, front)]);
    return { total, rows };
  }
  const total = await counted;
  if (page.offset >= total) return { total, rows: [] };
  if (page.offset * 2 <= total) return { total, rows: await pageOf(sql, organizationId, filter, front) };
  const limit = Math.min(page.limit, total - page.offset);
  const back = { limit, offset: total - page.offset - limit, direction: "" } as const;
  return { total, rows: await pageOf(sql, organizationId, filter, back) };
}
