import { z } from "zod";
import type { DueDelivery, EventCursor, ReplayCause, ReplayStart } from "../ports.ts";
import { LONGEST_WRITE } from "./events.ts";
import { onlyRow, parseRows } from "./rows.ts";
import type { Sql } from "./sql.ts";

/** Events that one slice looks at. */
const SCANNED_MAX = 500;
/** Time for a slice and its publishes, before the sweeper publishes what is not published. */
const PUBLISH_WITHIN = "interval '1 minute'";
/** A replay without progress for this long has lost its message. */
const STUCK = "interval '2 minutes'";

/**
 * Stores a replay. $1 organisation, $2 webhook, $3 event or null, $4 time or null, $5 now. It ends before the first transaction that
 * the database has not begun: what is stored later is delivered anyway.
 */
const START = `WITH position AS MATERIALIZED (
    (SELECT txid, seq FROM events WHERE organization_id = $1::uuid AND id = $3::text)
    UNION ALL
    (SELECT txid, seq FROM events WHERE created_at < $4::timestamptz - ${LONGEST_WRITE} ORDER BY created_at DESC LIMIT 1)
  ), known AS MATERIALIZED (
    SELECT id, active, replay_before IS NOT NULL AS is_running FROM webhooks WHERE organization_id = $1::uuid AND id = $2::text
  ), started AS (
    UPDATE webhooks w SET replay_txid = coalesce((SELECT txid FROM position), '0'::xid8),
      replay_seq = coalesce((SELECT seq FROM position), -1), replay_from = $4::timestamptz,
      replay_before = pg_snapshot_xmax(pg_current_snapshot()), replay_at = $5::timestamptz
    FROM known WHERE w.id = known.id AND w.active AND w.replay_before IS NULL
      AND ($3::text IS NULL OR EXISTS (SELECT 1 FROM position))
    RETURNING 1
  )
  SELECT (SELECT count(*)::int FROM known) AS known, coalesce((SELECT active FROM known), false) AS active,
    EXISTS (SELECT 1 FROM started) AS started, $3::text IS NULL OR EXISTS (SELECT 1 FROM position) AS is_kept`;

const startRow = z.object({
  known: z.number(),
  active: z.boolean(),
  started: z.boolean(),
  is_kept: z.boolean(),
});

/** Reads the result of START, in case its answer is lost. */
const STARTED = `SELECT 1 AS known, active, true AS started, true AS is_kept FROM webhooks
  WHERE organization_id = $1::uuid AND id = $2::text AND replay_at = $3::timestamptz`;

/** Stores that a webhook is to get again what is kept behind a cursor. */
export async function startReplay(
  sql: Sql,
  organizationId: string,
  id: string,
  after: EventCursor,
  now: Date,
): Promise<ReplayStart | null> {
  const event = "id" in after ? after.id : null;
  const from = "storedFrom" in after ? after.storedFrom : null;
  const whenStored = { text: STARTED, params: [organizationId, id, now] };
  const rows = await sql.store(START, [organizationId, id, event, from, now], whenStored);
  const { known, active, started, is_kept } = onlyRow(startRow, rows);
  if (started) return "started";
  if (known === 0) return null;
  if (!active) return "inactive";
  return is_kept ? "running" : "unknownEvent";
}

/**
 * One part of a replay. $1 organisation, $2 webhook, $3 now. It looks at events up to the first transaction that is still open, and
 * makes those that the webhook wants due. A delivery that waits already is left alone. The last part is the one that has seen all
 * transactions before the end and found no more than it looks at.
 */
const SLICE = `WITH w AS MATERIALIZED (
    SELECT id, events, vendor_ids, replay_txid, replay_seq, replay_from, replay_before,
      least(replay_before, pg_snapshot_xmin(pg_current_snapshot())) AS visible_before FROM webhooks
    WHERE organization_id = $1::uuid AND id = $2::text AND active AND replay_before IS NOT NULL FOR UPDATE
  ), scanned AS MATERIALIZED (
    SELECT e.id, e.type, e.txid, e.seq, e.created_at, e.vendor_id FROM w CROSS JOIN LATERAL (
      SELECT e.id, e.type, e.txid, e.seq, e.created_at,
        CASE WHEN e.type = 'data_transfer.received' THEN e.data ->> 'vendorId' END AS vendor_id
      FROM events e WHERE e.organization_id = $1::uuid AND e.txid < w.visible_before AND (e.txid, e.seq) > (w.replay_txid, w.replay_seq)
      ORDER BY e.txid, e.seq LIMIT ${SCANNED_MAX}) e
  ), made AS (
    INSERT INTO webhook_deliveries AS d (webhook_id, event_id, organization_id, type, due_at)
    SELECT w.id, s.id, $1::uuid, s.type, $3::timestamptz + ${PUBLISH_WITHIN} FROM scanned s, w
    WHERE s.type = ANY(w.events) AND (w.replay_from IS NULL OR s.created_at >= w.replay_from)
      AND (w.vendor_ids IS NULL OR s.vendor_id IS NULL OR s.vendor_id = ANY(w.vendor_ids))
    ORDER BY s.txid, s.seq
    ON CONFLICT (webhook_id, event_id) DO UPDATE SET status = 'pending', attempts = 0, response_status = NULL, published_at = NULL,
      replays = d.replays + 1, due_at = excluded.due_at WHERE d.status <> 'pending'
    RETURNING organization_id, webhook_id, event_id, replays
  ), state AS (
    SELECT (SELECT count(*) FROM scanned) < ${SCANNED_MAX} AND w.visible_before = w.replay_before AS is_done FROM w
  ), moved AS (
    UPDATE webhooks h SET replay_txid = coalesce(l.txid, h.replay_txid), replay_seq = coalesce(l.seq, h.replay_seq),
      replay_at = $3::timestamptz, replay_before = CASE WHEN state.is_done THEN NULL ELSE h.replay_before END
    FROM state LEFT JOIN (SELECT txid, seq FROM scanned ORDER BY txid DESC, seq DESC LIMIT 1) l ON true WHERE h.id = $2::text
  )
  SELECT coalesce((SELECT is_done FROM state), true) AS is_done, made.* FROM (SELECT 1) one LEFT JOIN made ON true`;

const STUCK_REPLAYS = `UPDATE webhooks SET replay_at = $1::timestamptz
  WHERE replay_before IS NOT NULL AND active AND replay_at < $1::timestamptz - ${STUCK} RETURNING organization_id, id`;

const sliceRow = z.object({ is_done: z.boolean() });
/** A row with the columns organization_id, webhook_id, event_id and replays. */
export const dueRow = z
  .object({ organization_id: z.string(), webhook_id: z.string(), event_id: z.string(), replays: z.number() })
  .transform((row): DueDelivery => ({
    organizationId: row.organization_id,
    webhookId: row.webhook_id,
    eventId: row.event_id,
    replays: row.replays,
  }));
const causeRow = z
  .object({ organization_id: z.string(), id: z.string() })
  .transform((row): ReplayCause => ({ organizationId: row.organization_id, webhookId: row.id }));

/** Makes a part of a replay due. */
export async function replaySlice(sql: Sql, { organizationId, webhookId }: ReplayCause, now: Date) {
  const rows = await sql.write(SLICE, [organizationId, webhookId, now]);
  const made = rows.filter((row) => row["event_id"] !== null);
  const [first] = parseRows(sliceRow, rows);
  return { deliveries: parseRows(dueRow, made), isDone: first?.is_done ?? true };
}

/** Replays that lost their message. */
export async function stuckReplays(sql: Sql, now: Date): Promise<ReplayCause[]> {
  return parseRows(causeRow, await sql.write(STUCK_REPLAYS, [now]));
}
