import { z } from "zod";
import { credentialToText } from "../credential-text.ts";
import { Conflict, Forbidden } from "../errors.ts";
import type { ChargerProvisioning, ChargerStore, RegisterCharger } from "../ports.ts";
import { chargerChanges } from "./charger-changes.ts";
import { chargerPage } from "./charger-pages.ts";
import { CHARGER_COLUMNS, chargerRow } from "./charger-rows.ts";
import { commandTargets } from "./command-targets.ts";
import { connectedChargers } from "./connected-chargers.ts";
import { CREATION_LIMITS, withLimits, type CreationLimits } from "./creation-limits.ts";
import { claimParams, claimSql, replay } from "./idempotency.ts";
import { firstRow, isUuid, itemError, onlyRow, parseRows, timestamp } from "./rows.ts";
import { chargerEventsSql } from "./events.ts";
import { applySessionFacts } from "./session-facts.ts";
import { violates, type Sql } from "./sql.ts";
import { TAG_POLICY_COLUMNS, tagPolicyColumns, tagPolicyOf } from "./tag-policy-rows.ts";
import { CHARGER_RUN_ID } from "./work-rows.ts";

const provisioningRow = z
  .object({
    id: z.string(),
    status: z.enum(["PENDING", "PROVISIONING", "READY", "FAILED"]),
    workflow_run_id: z.string().nullable(),
    error: itemError.nullable(),
    provisioned_at: timestamp.nullable(),
  })
  .transform((row): ChargerProvisioning => ({
    chargerId: row.id,
    status: row.status,
    workflowRunId: row.workflow_run_id,
    error: row.error,
    provisionedAt: row.provisioned_at,
  }));

/** Provisioning state of a charger. While it is PENDING, status and run id are derived from its job. */
const PROVISIONING = `SELECT c.id, c.error,
    CASE WHEN c.status = 'PENDING' AND j.status = 'PROVISIONING' THEN 'PROVISIONING' ELSE c.status END AS status,
    CASE WHEN j.workflow_run_id IS NOT NULL THEN
      ${CHARGER_RUN_ID} END AS workflow_run_id,
    CASE WHEN c.status = 'READY' THEN c.settled_at END AS provisioned_at
  FROM chargers c LEFT JOIN jobs j ON j.id = c.job_id
  WHERE c.id = $2::uuid AND c.organization_id = $1::uuid AND c.deleted_at IS NULL`;

const LIST = { columns: CHARGER_COLUMNS, order: "oldestFirst" } as const;

/** Tag policy of the organisation, read with the write: the organisation cached in the Worker may be out of date. */
const POLICY = `(SELECT to_jsonb(p) FROM (SELECT ${TAG_POLICY_COLUMNS} FROM organizations o WHERE o.id = $1::uuid) p) AS policy`;

/**
 * Claim and external charger in one statement; a FAILED charger of the same identity is marked deleted. $8 to $12:
 * `claimParams`.
 */
const REGISTER = `WITH tenant AS (
    SELECT id FROM organizations WHERE id = $1::uuid
  ), ${claimSql(8, "$1::uuid", "$7::timestamptz", "tenant")}, replaced AS (
    UPDATE chargers SET deleted_at = $7::timestamptz, last_location_id = location_id, location_id = NULL
    WHERE EXISTS (SELECT 1 FROM go) AND organization_id = $1::uuid AND identity = $3::text AND status = 'FAILED'
      AND deleted_at IS NULL RETURNING id, identity
  ), inserted AS (
    INSERT INTO chargers (id, organization_id, identity, name, location_name, security_profile, runtime, status,
      created_at, updated_at, settled_at, credential)
    SELECT $2::uuid, $1::uuid, $3::text, $4::text, $5::text, $6::smallint, 'external', 'READY',
      $7::timestamptz, $7::timestamptz, $7::timestamptz, $14::jsonb
    FROM go WHERE (SELECT count(*) FROM replaced) >= 0 RETURNING id, identity, runtime, location_id, job_id, seq
  ), ${chargerEventsSql({ created: "inserted", deleted: "replaced" }, "$1::uuid", "$7::timestamptz")}
  SELECT EXISTS (SELECT 1 FROM inserted) AS inserted, ${POLICY},
    hold_chargers($1::uuid, (SELECT count(*) FROM inserted), 0, $13::int, NULL, 0)`;

/** Reads the result of REGISTER, in case its answer is lost. */
const REGISTERED = `SELECT true AS inserted, ${POLICY} FROM chargers WHERE id = $2::uuid`;

/** Undoes REGISTER: marks the charger deleted, deletes the claim, writes an effect that ends the session. */
const UNREGISTER = `WITH gone AS (
    UPDATE chargers SET deleted_at = $4::timestamptz, revision = revision + 1
    WHERE id = $2::uuid AND organization_id = $1::uuid AND deleted_at IS NULL RETURNING id, identity
  ), ${chargerEventsSql({ deleted: "gone" }, "$1::uuid", "$4::timestamptz")}, forgotten AS (
    DELETE FROM idempotency_keys WHERE organization_id = $1::uuid AND method = $5 AND path = $6 AND key = $7 AND body_hash = $8
      AND EXISTS (SELECT 1 FROM gone)
  )
  INSERT INTO charger_effects (batch_id, seq, organization_id, charger_id, kind, published_at)
  SELECT $3::uuid, 0, $1::uuid, id, 'sync', $4::timestamptz FROM gone`;

const registerRow = z
  .object({ inserted: z.boolean(), policy: z.object(tagPolicyColumns).nullable() })
  .transform(({ inserted, policy }) => ({
    inserted,
    // No policy: there is no such organisation, and nothing was inserted.
    tagPolicy: policy ? tagPolicyOf(policy) : { acceptsUnknown: false, readAtMs: 0 },
  }));

async function insertRegistered(
  sql: Sql,
  organizationId: string,
  charger: RegisterCharger,
  claim: unknown[],
  limits: CreationLimits,
) {
  try {
    const params = [
      organizationId,
      charger.id,
      charger.identity,
      charger.name,
      charger.location,
      charger.securityProfile,
      charger.now,
      ...claim,
      limits.chargers,
      charger.credential ? JSON.stringify(credentialToText(charger.credential)) : null,
    ];
    const rows = await sql.store(REGISTER, params, {
      text: REGISTERED,
      params: [organizationId, charger.id],
    });
    return onlyRow(registerRow, rows);
  } catch (error) {
    if (violates(error, "chargers_identity"))
      throw new Conflict(`Charger ${charger.identity} already exists`);
    throw withLimits(error);
  }
}

/** Chargers in Postgres. Every statement names the organisation. */
export function chargerStore(sql: Sql, limits: CreationLimits = CREATION_LIMITS): ChargerStore {
  return {
    ...connectedChargers(sql),
    ...chargerChanges(sql),
    commandTargets: (organizationId, selection) => commandTargets(sql, organizationId, selection),
    applySessionFacts: (rows, onEvents) => applySessionFacts(sql, rows, onEvents),

    async list(organizationId, filter, page) {
      const { total, rows } = await chargerPage(sql, LIST, organizationId, filter, page);
      return { total, rows: parseRows(chargerRow, rows) };
    },

    async get(organizationId, id) {
      if (!isUuid(id)) return null;
      const rows = await sql.read(
        `SELECT ${CHARGER_COLUMNS} FROM chargers c
         WHERE c.id = $2::uuid AND c.organization_id = $1::uuid AND c.deleted_at IS NULL`,
        [organizationId, id],
      );
      return firstRow(chargerRow, rows);
    },

    async sessionRef(organizationId, id) {
      if (!isUuid(id)) return null;
      const rows = await sql.read(
        "SELECT identity FROM chargers WHERE id = $2::uuid AND organization_id = $1::uuid AND deleted_at IS NULL",
        [organizationId, id],
      );
      const row = firstRow(z.object({ identity: z.string() }), rows);
      return row && { identity: row.identity, chargerId: id };
    },

    async provisioning(organizationId, id) {
      if (!isUuid(id)) return null;
      return firstRow(provisioningRow, await sql.read(PROVISIONING, [organizationId, id]));
    },

    async unregister(organizationId, id, claim, batchId, now) {
      const key = [claim?.method ?? null, claim?.path ?? null, claim?.key ?? null, claim?.bodyHash ?? null];
      await sql.store(UNREGISTER, [organizationId, id, batchId, now, ...key], "repeat");
    },

    async register(organization, charger, claim, record) {
      const claimed = claimParams(claim, record);
      const row = await insertRegistered(sql, organization.id, charger, claimed, limits);
      if (row.inserted) return { kind: "done", value: { id: charger.id, tagPolicy: row.tagPolicy } };
      if (claim === null) throw new Forbidden("organizationUnknown", "Unknown organization");
      return { kind: "replayed", response: await replay(sql, organization.id, claim) };
    },
  };
}
