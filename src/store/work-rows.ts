import { z } from "zod";
import type { ProvisioningWork } from "../ports.ts";
import { RUN_ID_PREFIX } from "../run-ids.ts";
import { recordVersion } from "./charger-rows.ts";
import { timestamp } from "./rows.ts";
import { TAG_POLICY_COLUMNS, tagPolicyColumns, tagPolicyOf } from "./tag-policy-rows.ts";

/** `runNames.job` in SQL, of the first attempt. Table alias: `j` jobs. */
export const JOB_RUN_ID = `'${RUN_ID_PREFIX}' || j.id`;

/** `runNames.charger` in SQL. Table aliases: `j` jobs, `c` chargers. */
export const CHARGER_RUN_ID = `'${RUN_ID_PREFIX}' || j.id || '-' || c.seq
    || CASE WHEN j.attempt > 0 THEN '-r' || j.attempt ELSE '' END`;

/** Columns of `workRow`. Table aliases: `c` chargers, `o` organizations. */
export const WORK_COLUMNS = `c.id, c.job_id, c.organization_id, o.slug, c.identity, c.created_at, c.ocpp_version,
  c.number_of_connectors, c.max_charging_power, c.vendor_name, c.model, c.ws_url, c.runtime, c.security_profile, c.registration_status,
  c.simulator_host, c.desired_count, ${TAG_POLICY_COLUMNS}`;

/** A row of `WORK_COLUMNS` as `ProvisioningWork`. */
export const workRow = z
  .object({
    id: z.string(),
    job_id: z.string().nullable(),
    organization_id: z.string(),
    slug: z.string(),
    identity: z.string(),
    created_at: timestamp,
    ocpp_version: recordVersion.nullable(),
    number_of_connectors: z.number().nullable(),
    max_charging_power: z.number().nullable(),
    vendor_name: z.string().nullable(),
    model: z.string().nullable(),
    ws_url: z.string().nullable(),
    runtime: z.enum(["simulated", "external"]),
    security_profile: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
    registration_status: z.enum(["Accepted", "Pending", "Rejected"]),
    simulator_host: z.string().nullable(),
    desired_count: z.number(),
    ...tagPolicyColumns,
  })
  .transform((row): ProvisioningWork => ({
    chargerId: row.id,
    jobId: row.job_id,
    organizationId: row.organization_id,
    organizationSlug: row.slug,
    identity: row.identity,
    createdAt: row.created_at,
    ocppVersion: row.ocpp_version,
    numberOfConnectors: row.number_of_connectors,
    maxChargingPower: row.max_charging_power,
    vendorName: row.vendor_name,
    model: row.model,
    wsUrl: row.ws_url,
    runtime: row.runtime,
    securityProfile: row.security_profile,
    registrationStatus: row.registration_status,
    simulatorHost: row.simulator_host,
    desiredCount: row.desired_count,
    tagPolicy: tagPolicyOf(row),
  }));
