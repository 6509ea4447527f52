import { z } from "zod";
import { LimitReached } from "../errors.ts";
import { WEBHOOKS_MAX } from "../ports.ts";
import type {
  Claimed,
  DeliveryRow,
  IdempotencyClaim,
  RecordedResponse,
  NewWebhook,
  Webhook,
  WebhookChanges,
  WebhookStore,
  WebhookTarget,
} from "../ports.ts";
import type { SecretSeal } from "../secret-seal.ts";
import { claimParams, claimSql, recordedAnswer, replay } from "./idempotency.ts";
import { firstRow, onlyRow, parseRows, timestamp } from "./rows.ts";
import { violates, type Sql } from "./sql.ts";
import { startReplay } from "./webhook-replays.ts";

/** Tries to get a place while others take the same one. */
const TRIES = 5;

/** $1 organisation, $2 to $6 the webhook, $7 now, $8 to $12 `claimParams`. */
const CREATE = `WITH place AS (
    SELECT min(n) AS slot FROM generate_series(1, ${WEBHOOKS_MAX}) n
    WHERE NOT EXISTS (SELECT 1 FROM webhooks w WHERE w.organization_id = $1::uuid AND w.slot = n)
  ), tenant AS (
    SELECT place.slot FROM place JOIN organizations o ON o.id = $1::uuid WHERE place.slot IS NOT NULL
  ), ${claimSql(8, "$1::uuid", "$7::timestamptz", "tenant")}, made AS (
    INSERT INTO webhooks (id, organization_id, slot, url, events, vendor_ids, secret, created_at, updated_at)
    SELECT $2::text, $1::uuid, tenant.slot, $3::text, $4::text[], $5::text[], $6::text, $7::timestamptz, $7::timestamptz
    FROM tenant, go RETURNING 1
  )
  SELECT EXISTS (SELECT 1 FROM tenant) AS admitted, EXISTS (SELECT 1 FROM made) AS stored`;

const CREATED = "SELECT true AS admitted, true AS stored FROM webhooks WHERE id = $1::text";

const createdRow = z.object({ admitted: z.boolean(), stored: z.boolean() });

const COLUMNS = "id, url, events, vendor_ids, active, disabled_reason, created_at";

const webhookRow = z
  .object({
    id: z.string(),
    url: z.string(),
    events: z.array(z.string()),
    vendor_ids: z.array(z.string()).nullable(),
    active: z.boolean(),
    disabled_reason: z.enum(["gone", "failing"]).nullable(),
    created_at: timestamp,
  })
  .transform((row): Webhook => ({
    id: row.id,
    url: row.url,
    events: row.events,
    vendorIds: row.vendor_ids,
    active: row.active,
    disabledReason: row.disabled_reason,
    createdAt: row.created_at,
  }));

const LIST = `SELECT ${COLUMNS} FROM webhooks WHERE organization_id = $1::uuid ORDER BY created_at, id`;

const given = (name: string, value: string) =>
  `CASE WHEN $3::jsonb ? '${name}' THEN ${value} ELSE w.${name} END`;
const texts = (name: string) =>
  `CASE jsonb_typeof($3::jsonb -> '${name}') WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text($3::jsonb -> '${name}')) END`;
const IS_SWITCHED = "$3::jsonb ? 'active'";

/** $1 organisation, $2 webhook, $3 changes, $4 now. The secret before the present one is kept for its time. */
const CHANGE = `UPDATE webhooks w SET url = ${given("url", "$3::jsonb ->> 'url'")},
    events = ${given("events", texts("events"))}, vendor_ids = ${given("vendor_ids", texts("vendor_ids"))},
    active = ${given("active", "($3::jsonb ->> 'active')::boolean")},
    disabled_reason = CASE WHEN ${IS_SWITCHED} THEN NULL ELSE w.disabled_reason END,
    failures = CASE WHEN ${IS_SWITCHED} THEN 0 ELSE w.failures END,
    failing_since = CASE WHEN ${IS_SWITCHED} THEN NULL ELSE w.failing_since END,
    previous_secret = CASE WHEN $3::jsonb ? 'secret' THEN w.secret ELSE w.previous_secret END,
    previous_until = CASE WHEN $3::jsonb ? 'secret' THEN ($3::jsonb ->> 'previous_until')::timestamptz ELSE w.previous_until END,
    secret = ${given("secret", "$3::jsonb ->> 'secret'")}, updated_at = $4::timestamptz
  WHERE w.organization_id = $1::uuid AND w.id = $2::text RETURNING ${COLUMNS}`;

const GET = `SELECT ${COLUMNS} FROM webhooks WHERE organization_id = $1::uuid AND id = $2::text`;

const REMOVE = "DELETE FROM webhooks WHERE organization_id = $1::uuid AND id = $2::text RETURNING id";

const VENDORS = `SELECT bool_or(vendor_ids IS NULL) AS wants_all,
    ARRAY(SELECT DISTINCT v FROM webhooks w, unnest(w.vendor_ids) AS v
      WHERE w.organization_id = $1::uuid AND w.active AND 'data_transfer.received' = ANY(w.events)) AS vendors
  FROM webhooks WHERE organization_id = $1::uuid AND active AND 'data_transfer.received' = ANY(events)`;

const vendorsRow = z.object({ wants_all: z.boolean().nullable(), vendors: z.array(z.string()) });

const TARGET = `SELECT url, secret, CASE WHEN previous_until > $3::timestamptz THEN previous_secret END AS previous
  FROM webhooks WHERE organization_id = $1::uuid AND id = $2::text`;

const targetRow = z.object({ url: z.string(), secret: z.string(), previous: z.string().nullable() });

/** Ids of events sort by their time. */
const DELIVERIES = `SELECT d.event_id, d.type, d.status, d.attempts, d.response_status, d.last_attempt_at
  FROM webhooks w LEFT JOIN LATERAL (SELECT * FROM webhook_deliveries d WHERE d.webhook_id = w.id
    ORDER BY d.event_id DESC LIMIT $3::int) d ON true
  WHERE w.organization_id = $1::uuid AND w.id = $2::text ORDER BY d.event_id DESC`;

const deliveryRow = z
  .object({
    event_id: z.string(),
    type: z.string(),
    status: z.enum(["pending", "delivered", "failed"]),
    attempts: z.number(),
    response_status: z.number().nullable(),
    last_attempt_at: timestamp.nullable(),
  })
  .transform((row): DeliveryRow => ({
    eventId: row.event_id,
    type: row.type,
    status: row.status,
    attempts: row.attempts,
    responseStatus: row.response_status,
    lastAttemptAt: row.last_attempt_at,
  }));

/** Opens the secrets of a webhook's row: the present one, and the one before it if the row has it. */
export async function openTarget(
  seal: SecretSeal,
  webhookId: string,
  { url, secret, previous }: z.infer<typeof targetRow>,
): Promise<WebhookTarget> {
  const sealed = previous === null ? [secret] : [secret, previous];
  return { url, secrets: await Promise.all(sealed.map((one) => seal.open(one, webhookId))) };
}

const array = (values: readonly string[] | null) =>
  values && `{${values.map((value) => JSON.stringify(value)).join(",")}}`;

async function createParams(seal: SecretSeal, organizationId: string, webhook: NewWebhook, now: Date) {
  const { id, url, events, vendorIds, secret } = webhook;
  return [organizationId, id, url, array(events), array(vendorIds), await seal.seal(secret, id), now];
}

async function changesJson(seal: SecretSeal, id: string, changes: WebhookChanges): Promise<string> {
  const { vendorIds, secret, ...same } = changes;
  const sealed = secret && {
    secret: await seal.seal(secret.value, id),
    previous_until: secret.previousUntil,
  };
  return JSON.stringify({ ...same, vendor_ids: vendorIds, ...sealed });
}

interface Creation {
  organizationId: string;
  webhook: NewWebhook;
  claim: IdempotencyClaim | null;
  record: RecordedResponse;
  now: Date;
}

async function createWebhook(
  sql: Sql,
  seal: SecretSeal,
  { organizationId, webhook, claim, record, now }: Creation,
): Promise<Claimed<void>> {
  const params = [...(await createParams(seal, organizationId, webhook, now)), ...claimParams(claim, record)];
  const whenStored = { text: CREATED, params: [webhook.id] };
  const { admitted, stored } = await inFreePlace(async () =>
    onlyRow(createdRow, await sql.store(CREATE, params, whenStored)),
  );
  if (stored) return { kind: "done", value: undefined };
  if (admitted && claim) return { kind: "replayed", response: await replay(sql, organizationId, claim) };
  const recorded = claim && (await recordedAnswer(sql, organizationId, claim, now));
  if (recorded) return { kind: "replayed", response: recorded };
  throw new LimitReached(`Webhook limit reached. Your organisation allows ${WEBHOOKS_MAX} webhook(s).`, null);
}

/** Webhooks in Postgres. Every statement names the organisation. */
export function webhookStore(sql: Sql, seal: SecretSeal): WebhookStore {
  return {
    create: (organizationId, webhook, claim, record, now) =>
      createWebhook(sql, seal, { organizationId, webhook, claim, record, now }),

    list: async (organizationId) => parseRows(webhookRow, await sql.read(LIST, [organizationId])),

    async change(organizationId, id, changes, now) {
      const params = [organizationId, id, await changesJson(seal, id, changes), now];
      const whenStored = {
        text: `${GET} AND updated_at = $3::timestamptz`,
        params: [organizationId, id, now],
      };
      return firstRow(webhookRow, await sql.store(CHANGE, params, whenStored));
    },

    async remove(organizationId, id) {
      const whenStored = {
        text: `SELECT $2::text AS id WHERE NOT EXISTS (${GET})`,
        params: [organizationId, id],
      };
      return (await sql.store(REMOVE, [organizationId, id], whenStored)).length > 0;
    },

    async wantedVendors(organizationId) {
      const { wants_all, vendors } = onlyRow(vendorsRow, await sql.read(VENDORS, [organizationId]));
      return wants_all === true ? "all" : vendors;
    },

    async target(organizationId, id, now) {
      const row = firstRow(targetRow, await sql.read(TARGET, [organizationId, id, now]));
      return row && openTarget(seal, id, row);
    },

    async deliveries(organizationId, id, limit) {
      const rows = await sql.read(DELIVERIES, [organizationId, id, limit]);
      if (rows.length === 0) return null;
      return parseRows(
        deliveryRow,
        rows.filter((row) => row["event_id"] !== null),
      );
    },

    startReplay: (organizationId, id, after, now) => startReplay(sql, organizationId, id, after, now),
  };
}

/** Two requests may choose the same place; the one that comes second chooses again. */
async function inFreePlace<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!violates(error, "webhooks_slot") || tries === TRIES) throw error;
    }
  }
}
