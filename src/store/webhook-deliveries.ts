import { z } from "zod";
import type { Attempt, DeliveryKey, DeliveryStore, OpenDelivery } from "../ports.ts";
import type { SecretSeal } from "../secret-seal.ts";
import { eventRow, eventsSql, splitTold } from "./events.ts";
import { firstRow, parseRows } from "./rows.ts";
import type { Sql } from "./sql.ts";
import { dueRow, replaySlice, stuckReplays } from "./webhook-replays.ts";
import { openTarget } from "./webhooks.ts";

/** A published delivery without any attempt has lost its message after this time. */
const UNATTEMPTED = "interval '1 hour'";
/** The same after an attempt: longer than the engine waits before any retry. */
const UNRETRIED = "interval '25 hours'";
/** Between two publishes of the sweeper. */
const REPUBLISHED = "interval '2 minutes'";
/** A webhook is switched off after so many failures in so long a time without a success. */
const FAILURES_MAX = 20;
const FAILING = "interval '3 days'";

/** $1 organisation, $2 webhook, $3 event, $4 now. */
const OPEN = `SELECT w.url, w.active, w.secret, CASE WHEN w.previous_until > $4::timestamptz THEN w.previous_secret END AS previous,
    d.status, d.attempts, e.id, e.type, e.at, e.data
  FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id AND w.organization_id = d.organization_id
  JOIN events e ON e.organization_id = d.organization_id AND e.id = d.event_id
  WHERE d.webhook_id = $2::text AND d.event_id = $3::text AND d.organization_id = $1::uuid`;

const openRow = z.object({
  url: z.string(),
  active: z.boolean(),
  secret: z.string(),
  previous: z.string().nullable(),
  status: z.enum(["pending", "delivered", "failed"]),
  attempts: z.number(),
});

const GIVE_UP = `UPDATE webhook_deliveries SET status = 'failed'
  WHERE webhook_id = $2::text AND event_id = $3::text AND organization_id = $1::uuid AND status = 'pending'`;

/**
 * Records an attempt. $1 organisation, $2 webhook, $3 event, $4 attempts with this one, $5 status, $6 answer, $7 time, $8 whether the
 * receiver is gone. Only a failed attempt, and a success after failures, write the row of the webhook.
 */
const SETTLE = `WITH d AS (
    UPDATE webhook_deliveries SET attempts = $4::int, status = $5::text, response_status = $6::int, last_attempt_at = $7::timestamptz,
      due_at = $7::timestamptz + ${UNRETRIED}
    WHERE webhook_id = $2::text AND event_id = $3::text AND organization_id = $1::uuid AND status = 'pending' AND attempts < $4::int
    RETURNING webhook_id
  ), recovered AS (
    UPDATE webhooks SET failures = 0, failing_since = NULL
    WHERE id = (SELECT webhook_id FROM d) AND $5::text = 'delivered' AND failures > 0
  ), w AS (
    UPDATE webhooks SET failures = failures + 1, failing_since = coalesce(failing_since, $7::timestamptz),
      active = NOT ($8::boolean OR (failures + 1 >= ${FAILURES_MAX} AND failing_since <= $7::timestamptz - ${FAILING})),
      disabled_reason = CASE WHEN $8::boolean THEN 'gone'
        WHEN failures + 1 >= ${FAILURES_MAX} AND failing_since <= $7::timestamptz - ${FAILING} THEN 'failing' END
    WHERE id = (SELECT webhook_id FROM d) AND $5::text <> 'delivered' AND active
    RETURNING id, url, active, disabled_reason
  ), event AS (
    SELECT 1 AS n, $1::uuid AS organization_id, NULL::uuid AS charger_id, NULL::text AS identity, 'webhook.disabled'::text AS type,
      $7::timestamptz AS at, jsonb_build_array(id) AS about,
      json_build_object('webhookId', id, 'url', url, 'reason', disabled_reason) AS data
    FROM w WHERE NOT active
  ), ${eventsSql("event")}
  SELECT * FROM told`;

/**
 * The time of an attempt that came before this is not shortened. Each row is found by its key (LATERAL): the planner would rather read
 * all that are pending.
 */
const PUBLISHED = `UPDATE webhook_deliveries d SET published_at = $2::timestamptz,
    due_at = greatest(d.due_at, $2::timestamptz + ${UNATTEMPTED})
  WHERE d.status = 'pending' AND d.ctid = ANY(ARRAY(
    SELECT k.ctid FROM jsonb_to_recordset($1::jsonb) AS x("webhookId" text, "eventId" text)
    CROSS JOIN LATERAL (SELECT k.ctid FROM webhook_deliveries k
      WHERE k.webhook_id = x."webhookId" AND k.event_id = x."eventId" LIMIT 1) k))`;

/** Deliveries of a webhook that is deleted or switched off have failed. */
const LEFT_OVER = `WITH due AS (
    SELECT webhook_id, event_id FROM webhook_deliveries WHERE status = 'pending' AND due_at < $1::timestamptz
    ORDER BY due_at LIMIT $2::int FOR UPDATE SKIP LOCKED
  ), moved AS (
    UPDATE webhook_deliveries d SET due_at = $1::timestamptz + ${REPUBLISHED},
      status = CASE WHEN EXISTS (SELECT 1 FROM webhooks w WHERE w.id = d.webhook_id AND w.active) THEN d.status ELSE 'failed' END
    FROM due WHERE d.webhook_id = due.webhook_id AND d.event_id = due.event_id
    RETURNING d.organization_id, d.webhook_id, d.event_id, d.replays, d.status
  )
  SELECT organization_id, webhook_id, event_id, replays FROM moved WHERE status = 'pending' ORDER BY event_id`;

async function openDelivery(
  sql: Sql,
  seal: SecretSeal,
  { organizationId, webhookId, eventId }: DeliveryKey,
  now: Date,
): Promise<OpenDelivery | "over"> {
  const rows = await sql.read(OPEN, [organizationId, webhookId, eventId, now]);
  const row = firstRow(openRow, rows);
  const event = firstRow(eventRow, rows);
  const isOpen = row?.active === true && row.status === "pending";
  if (row && event && isOpen)
    return { ...(await openTarget(seal, webhookId, row)), attempts: row.attempts, event };
  if (row?.status !== "delivered") await sql.write(GIVE_UP, [organizationId, webhookId, eventId]);
  return "over";
}

function settleParams({ organizationId, webhookId, eventId }: DeliveryKey, attempt: Attempt): unknown[] {
  const { attempts, status, responseStatus, at, isGone } = attempt;
  return [organizationId, webhookId, eventId, attempts, status, responseStatus, at, isGone];
}

/** Deliveries in Postgres. */
export function deliveryStore(sql: Sql, seal: SecretSeal): DeliveryStore {
  return {
    open: (delivery, now) => openDelivery(sql, seal, delivery, now),

    async settle(delivery, attempt) {
      return splitTold(await sql.write(SETTLE, settleParams(delivery, attempt))).events;
    },

    async published(deliveries, now) {
      const keys = deliveries.map(({ webhookId, eventId }) => ({ webhookId, eventId }));
      await sql.write(PUBLISHED, [JSON.stringify(keys), now]);
    },

    leftOver: async (now, limit) => parseRows(dueRow, await sql.write(LEFT_OVER, [now, limit])),

    replaySlice: (cause, now) => replaySlice(sql, cause, now),

    stuckReplays: (now) => stuckReplays(sql, now),
  };
}
