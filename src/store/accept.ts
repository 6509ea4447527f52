import { z } from "zod";
import { Conflict, NotFound } from "../errors.ts";
import type {
  BatchAccept,
  BatchAccepted,
  ChargerBlueprint,
  Claimed,
  JobStore,
  NewCharger,
} from "../ports.ts";
import { STATIONS_PER_HOST } from "../ports.ts";
import { runId, runNames } from "../run-ids.ts";
import { chargerEventsSql } from "./events.ts";
import { ENDED_JOB, finishedJobsSql } from "./job-events.ts";
import { withLimits, type CreationLimits } from "./creation-limits.ts";
import { claimParams, claimSql, recordedAnswer, replay } from "./idempotency.ts";
import { isUuid, onlyRow } from "./rows.ts";
import { violates, type Sql } from "./sql.ts";

/** Error of an identity that another charger has. */
const TAKEN = `jsonb_build_object('code', 'IDENTITY_TAKEN', 'message',
  'A charger with identity ''' || i.identity || ''' already exists', 'retryable', false)`;

/** The chargers of the batch ($7) joined to the blueprint of their group ($6). */
const INPUT = `input AS (
    SELECT x.s AS seq, x.c AS id, x.i AS identity, x.n AS name, x.r AS random, b.*
    FROM jsonb_to_recordset($7::jsonb) AS x(s int, c uuid, i text, n text, g int, r boolean)
    JOIN jsonb_to_recordset($6::jsonb) AS b(g int, brand_slug text, model_slug text, vendor_name text, model text,
      image_url text, ocpp_version text, number_of_connectors int, max_charging_power int, connector_type text,
      ws_url text, runtime text, location_name text) ON b.g = x.g
  )`;

/**
 * Inserts the chargers of `input`. A FAILED charger of the same identity is marked deleted in the same statement. The
 * insert must read `replaced`: otherwise it would run first and find the identity taken.
 */
function insertSql(onConflict: string, gate: string): string {
  return `replaced AS (
    UPDATE chargers c SET deleted_at = $5::timestamptz, last_location_id = c.location_id, location_id = NULL
    FROM input i
    WHERE EXISTS (SELECT 1 FROM ${gate}) AND c.organization_id = $2::uuid AND c.identity = i.identity
      AND c.status = 'FAILED' AND c.deleted_at IS NULL
    RETURNING c.id, c.identity
  ), inserted AS (
    INSERT INTO chargers (id, organization_id, identity, name, brand_slug, model_slug, vendor_name, model, image_url,
      ocpp_version, number_of_connectors, max_charging_power, connector_type, location_id, location_name, ws_url,
      runtime, simulator_host, job_id, seq, status, created_at, updated_at)
    SELECT i.id, $2::uuid, i.identity, i.name, i.brand_slug, i.model_slug, i.vendor_name, i.model, i.image_url,
      i.ocpp_version, i.number_of_connectors, i.max_charging_power, i.connector_type, $3::uuid, i.location_name, i.ws_url,
      i.runtime, CASE WHEN i.runtime = 'simulated' THEN $1::text || '/' || (i.seq / ${STATIONS_PER_HOST}) END,
      $1::uuid, i.seq, 'PENDING', $5::timestamptz, $5::timestamptz
    FROM input i
    WHERE EXISTS (SELECT 1 FROM ${gate}) AND (SELECT count(*) FROM replaced) >= 0
    ORDER BY i.seq
    ${onConflict}
    RETURNING seq, id, identity, runtime, location_id, job_id
  )`;
}

/** Job id for the limit of open batches; null for a single create, which only the charger limit applies to. */
const BATCH_JOB = "CASE WHEN $4::text = 'location_chargers_create' THEN $1::uuid END";

const SKIP_TAKEN = "ON CONFLICT (organization_id, identity) WHERE deleted_at IS NULL DO NOTHING";

/** A batch of which no identity was free, nor is drawn anew, has ended already. */
const EMPTY_JOB = finishedJobsSql(
  "(SELECT * FROM job WHERE status = 'READY' AND NOT EXISTS (SELECT 1 FROM clashes))",
  "$5::timestamptz",
  "0",
);

function acceptSql(onConflict: string): string {
  return `WITH place AS (
    SELECT id FROM locations WHERE id = $3::uuid AND organization_id = $2::uuid FOR KEY SHARE
  ), ${claimSql(9, "$2::uuid", "$5::timestamptz", "place")},
  admitted AS MATERIALIZED (
    SELECT 1 FROM go WHERE charger_room($2::uuid, $8::int, $15::int, ${BATCH_JOB}, $16::int)
  ), ${INPUT}, ${insertSql(onConflict, "admitted")}, job AS (
    INSERT INTO jobs (id, organization_id, location_id, type, status, workflow_run_id, total, created_at, published_at, provisioned_at)
    SELECT $1::uuid, $2::uuid, $3::uuid, $4::text, CASE WHEN n.open > 0 THEN 'PENDING' ELSE 'READY' END,
      CASE WHEN n.open > 0 THEN $14::text END, $8::int, $5::timestamptz, $5::timestamptz,
      CASE WHEN n.open > 0 THEN NULL ELSE $5::timestamptz END
    FROM go, (SELECT count(*) AS open FROM inserted) n
    RETURNING ${ENDED_JOB}
  ), rejected AS (
    INSERT INTO job_rejections (job_id, seq, identity, error)
    SELECT $1::uuid, i.seq, i.identity, ${TAKEN}
    FROM input i LEFT JOIN inserted n ON n.seq = i.seq WHERE n.seq IS NULL AND EXISTS (SELECT 1 FROM go)
    RETURNING seq
  ), clashes AS (
    SELECT r.seq FROM rejected r JOIN input i ON i.seq = r.seq WHERE i.random
  ), ${chargerEventsSql({ created: "inserted", deleted: "replaced", others: EMPTY_JOB }, "$2::uuid", "$5::timestamptz")}
  SELECT EXISTS (SELECT 1 FROM place) AS place, EXISTS (SELECT 1 FROM go) AS go,
    (SELECT count(*)::int FROM inserted) AS open,
    (SELECT coalesce(jsonb_agg(seq ORDER BY seq), '[]') FROM clashes) AS clashes,
    hold_chargers($2::uuid, (SELECT count(*) FROM inserted), (SELECT count(*) FROM clashes), $15::int, ${BATCH_JOB}, $16::int)`;
}

const ACCEPT_BATCH = acceptSql(SKIP_TAKEN);
const ACCEPT_SINGLE = acceptSql("");

const REDRAW = `WITH go AS (SELECT 1 FROM jobs WHERE id = $1::uuid),
  ${INPUT}, ${insertSql(SKIP_TAKEN, "go")}, freed AS (
    DELETE FROM job_rejections r USING inserted n WHERE r.job_id = $1::uuid AND r.seq = n.seq
  ), reopened AS (
    UPDATE jobs SET status = 'PENDING', provisioned_at = NULL, workflow_run_id = $8::text
    WHERE id = $1::uuid AND status = 'READY' AND $4::int > 0 AND EXISTS (SELECT 1 FROM inserted)
  ), ${chargerEventsSql({ created: "inserted", deleted: "replaced" }, "$2::uuid", "$5::timestamptz")}
  SELECT coalesce(jsonb_agg(i.seq ORDER BY i.seq), '[]') AS clashes,
    hold_chargers($2::uuid, (SELECT count(*) FROM inserted), 0, $9::int, NULL, 0)
  FROM input i LEFT JOIN inserted n ON n.seq = i.seq WHERE n.seq IS NULL`;

/**
 * Reads the result of the accepting statement from what it stored, in case its answer is lost. No row: nothing was
 * stored.
 */
const ACCEPTED = `SELECT true AS place, true AS go,
    (SELECT count(*)::int FROM chargers WHERE job_id = j.id) AS open,
    (SELECT coalesce(jsonb_agg(r.seq ORDER BY r.seq), '[]') FROM job_rejections r
      WHERE r.job_id = j.id AND r.seq = ANY($2::int[])) AS clashes
  FROM jobs j WHERE j.id = $1::uuid`;

/** The same for REDRAW. */
const REDRAWN = `SELECT coalesce(jsonb_agg(x.s ORDER BY x.s), '[]') AS clashes
  FROM jsonb_to_recordset($1::jsonb) AS x(s int, c uuid) WHERE NOT EXISTS (SELECT 1 FROM chargers c WHERE c.id = x.c)`;

const acceptRow = z.object({
  place: z.boolean(),
  go: z.boolean(),
  open: z.number(),
  clashes: z.array(z.number()),
});
const redrawRow = z.object({ clashes: z.array(z.number()) });

function blueprintJson(blueprints: ChargerBlueprint[]): string {
  const rows = blueprints.map((blueprint, g) => ({
    g,
    brand_slug: blueprint.brandSlug,
    model_slug: blueprint.modelSlug,
    vendor_name: blueprint.vendorName,
    model: blueprint.model,
    image_url: blueprint.imageUrl,
    ocpp_version: blueprint.ocppVersion,
    number_of_connectors: blueprint.numberOfConnectors,
    max_charging_power: blueprint.maxChargingPower,
    connector_type: blueprint.connectorType,
    ws_url: blueprint.wsUrl,
    runtime: blueprint.runtime,
    location_name: blueprint.locationName,
  }));
  return JSON.stringify(rows);
}

/** Chargers as JSON with one-letter keys: the whole batch is one parameter, and a request may have 10 MiB. */
function chargerJson(chargers: Array<NewCharger & { seq: number }>): string {
  const rows = chargers.map(({ seq, id, identity, name, group, random }) => ({
    s: seq,
    c: id,
    i: identity,
    n: name,
    g: group,
    r: random,
  }));
  return JSON.stringify(rows);
}

/** Id of the first run of a job; of a single create it is the run of its charger. */
function firstRunId({ jobId, type }: Pick<BatchAccept, "jobId" | "type">): string {
  return runId(type === "charger_create" ? runNames.charger(jobId, 0) : runNames.job(jobId));
}

async function accept(sql: Sql, limits: CreationLimits, batch: BatchAccept): Promise<Claimed<BatchAccepted>> {
  if (!isUuid(batch.locationId)) throw new NotFound("Location", batch.locationId);
  const single = batch.type === "charger_create";
  const random = batch.chargers.flatMap((charger, seq) => (charger.random ? [seq] : []));
  const whenStored = { text: ACCEPTED, params: [batch.jobId, random] };
  const params = [
    batch.jobId,
    batch.organization.id,
    batch.locationId,
    batch.type,
    batch.now,
    blueprintJson(batch.blueprints),
    chargerJson(batch.chargers.map((charger, seq) => ({ ...charger, seq }))),
    batch.chargers.length,
    ...claimParams(batch.claim, batch.recordPublished),
    firstRunId(batch),
    limits.chargers,
    limits.openJobs,
  ];
  const rows = await sql
    .store(single ? ACCEPT_SINGLE : ACCEPT_BATCH, params, whenStored)
    .catch((error: unknown) => {
      if (single && violates(error, "chargers_identity"))
        throw new Conflict(`Charger identity '${batch.chargers[0]?.identity ?? ""}' already exists`);
      throw withLimits(error);
    });
  const row = onlyRow(acceptRow, rows);
  if (!row.go && batch.claim !== null && row.place)
    return { kind: "replayed", response: await replay(sql, batch.organization.id, batch.claim) };
  if (!row.place) {
    // A recorded answer takes precedence over 404: a repeat is replayed even if the location was deleted since.
    const { claim, organization, now } = batch;
    const response = claim && (await recordedAnswer(sql, organization.id, claim, now));
    if (response) return { kind: "replayed", response };
    throw new NotFound("Location", batch.locationId);
  }
  return { kind: "done", value: { open: row.open, clashes: row.clashes } };
}

/** Statements of `POST /ocpp/locations/{id}/chargers`, each one request to Postgres. */
export function acceptStore(
  sql: Sql,
  limits: CreationLimits,
): Pick<JobStore, "accept" | "recorded" | "redraw"> {
  return {
    accept: (batch) => accept(sql, limits, batch),
    recorded: (organizationId, claim, now) => recordedAnswer(sql, organizationId, claim, now),

    async redraw(batch, chargers) {
      const drawn = chargerJson(chargers);
      const params = [
        batch.jobId,
        batch.organization.id,
        batch.locationId,
        chargers.length,
        batch.now,
        blueprintJson(batch.blueprints),
        drawn,
        firstRunId(batch),
        limits.chargers,
      ];
      const rows = await sql
        .store(REDRAW, params, { text: REDRAWN, params: [drawn] })
        .catch((error: unknown) => Promise.reject(withLimits(error)));
      return onlyRow(redrawRow, rows).clashes;
    },
  };
}
