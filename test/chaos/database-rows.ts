import { z } from "zod";
import { openSql } from "../harness/sql.ts";
import type { ChaosStack } from "./chaos-stack.ts";

const optionalTime = z.date().nullable();
const chargerRow = z.object({
  id: z.string(),
  organization_id: z.string(),
  identity: z.string(),
  name: z.string().nullable(),
  location_id: z.string().nullable(),
  runtime: z.string(),
  job_id: z.string().nullable(),
  status: z.string(),
  error: z.object({ code: z.string() }).nullable(),
  revision: z.number(),
  deleted_at: optionalTime,
});
const jobRow = z.object({
  id: z.string(),
  organization_id: z.string(),
  location_id: z.string().nullable(),
  status: z.string(),
  attempt: z.number(),
  total: z.number(),
});
const rejectionRow = z.object({ job_id: z.string(), identity: z.string() });
const locationRow = z.object({ id: z.string(), organization_id: z.string(), name: z.string() });
const keyRow = z.object({
  id: z.string(),
  organization_id: z.string(),
  name: z.string(),
  revoked_at: optionalTime,
});
const connectionRow = z.object({ charger_id: z.string(), online: z.boolean(), generation: z.number() });
const connectorRow = z.object({
  charger_id: z.string(),
  evse_id: z.number(),
  connector_id: z.number(),
  status: z.string(),
});
const transactionRow = z.object({
  id: z.string(),
  organization_id: z.string(),
  transaction_id: z.number(),
  charger_id: z.string(),
  ocpp_transaction_id: z.string().nullable(),
  status: z.string(),
  meter_start_wh: z.coerce.number().nullable(),
  meter_stop_wh: z.coerce.number().nullable(),
  revision: z.number(),
  id_tag: z.string().nullable(),
  remote_started: z.boolean(),
  started_at: z.date(),
  stop_reason: z.string().nullable(),
});
const readingRow = z.object({
  organization_id: z.string(),
  charger_id: z.string(),
  energy_wh: z.coerce.number().nullable(),
  n: z.number(),
});
const conflictRow = z.object({ charger_id: z.string(), transaction_id: z.number() });
const effectRow = z.object({ batch_id: z.string(), charger_id: z.string(), kind: z.string() });
const settingsRow = z.object({
  charger_id: z.string(),
  revision: z.number(),
  current: z.string().nullable(),
  is_pending: z.boolean(),
});

const idTagRow = z.object({
  id: z.string(),
  organization_id: z.string(),
  id_tag: z.string(),
  key: z.string(),
  name: z.string().nullable(),
  status: z.string(),
});
const tagEffectRow = z.object({ batch_id: z.string(), key: z.string().nullable() });
const tagJobRow = z.object({ id: z.string(), type: z.string(), status: z.string() });

const reservationRow = z.object({
  id: z.string(),
  organization_id: z.string(),
  charger_id: z.string(),
  id_tag: z.string(),
  status: z.string(),
  transaction_id: z.number().nullable(),
  expires_at: z.date(),
});
const localListRow = z.object({
  charger_id: z.string(),
  organization_id: z.string(),
  mode: z.string(),
  version: z.number(),
  list_version: z.number().nullable(),
  outcome: z.string().nullable(),
});

const TABLES = {
  chargers: [
    chargerRow,
    "SELECT id, organization_id, identity, name, location_id, runtime, job_id, status, error, revision, deleted_at FROM chargers",
  ],
  jobs: [jobRow, "SELECT id, organization_id, location_id, status, attempt, total FROM jobs"],
  rejections: [rejectionRow, "SELECT job_id, identity FROM job_rejections"],
  locations: [locationRow, "SELECT id, organization_id, name FROM locations"],
  keys: [keyRow, "SELECT id, organization_id, name, revoked_at FROM api_keys"],
  connections: [connectionRow, "SELECT charger_id, online, generation FROM charger_connections"],
  connectors: [connectorRow, "SELECT charger_id, evse_id, connector_id, status FROM connectors"],
  transactions: [
    transactionRow,
    `SELECT id, organization_id, transaction_id, charger_id, ocpp_transaction_id, status, meter_start_wh, meter_stop_wh, revision,
       id_tag, remote_started, started_at, stop_reason FROM transactions`,
  ],
  readings: [
    readingRow,
    "SELECT organization_id, charger_id, energy_wh, count(*)::int AS n FROM meter_values GROUP BY 1, 2, 3",
  ],
  conflicts: [conflictRow, "SELECT charger_id, transaction_id FROM transaction_conflicts"],
  effects: [effectRow, "SELECT batch_id, charger_id, kind FROM charger_effects"],
  settings: [
    settingsRow,
    `SELECT charger_id, revision, desired ->> 'maxChargeCurrent' AS current,
       coalesce(states -> 'maxChargeCurrent' ->> 'outcome' = 'pending', false) AS is_pending FROM charger_settings`,
  ],
  idTags: [idTagRow, "SELECT id, organization_id, id_tag, key, name, status FROM id_tags"],
  tagEffects: [tagEffectRow, "SELECT batch_id, key FROM id_tag_effects"],
  tagJobs: [tagJobRow, "SELECT id, type, status FROM id_tag_jobs"],
  reservations: [
    reservationRow,
    "SELECT id, organization_id, charger_id, id_tag, status, transaction_id, expires_at FROM reservations",
  ],
  localLists: [
    localListRow,
    "SELECT charger_id, organization_id, mode, version, list_version, outcome FROM charger_local_lists",
  ],
} as const;

type Rows<Name extends keyof typeof TABLES> = z.infer<(typeof TABLES)[Name][0]>[];

/** What Postgres holds. */
export type DatabaseRows = { [Name in keyof typeof TABLES]: Rows<Name> };

/** Reads past the proxies. */
export async function readDatabase(stack: ChaosStack): Promise<DatabaseRows> {
  const sql = openSql(stack.running.address("sql"));
  const read = async <Row>([schema, text]: readonly [z.ZodType<Row>, string]): Promise<Row[]> =>
    z.array(schema).parse(await sql(text, []));
  return {
    chargers: await read(TABLES.chargers),
    jobs: await read(TABLES.jobs),
    rejections: await read(TABLES.rejections),
    locations: await read(TABLES.locations),
    keys: await read(TABLES.keys),
    connections: await read(TABLES.connections),
    connectors: await read(TABLES.connectors),
    transactions: await read(TABLES.transactions),
    readings: await read(TABLES.readings),
    conflicts: await read(TABLES.conflicts),
    effects: await read(TABLES.effects),
    settings: await read(TABLES.settings),
    idTags: await read(TABLES.idTags),
    tagEffects: await read(TABLES.tagEffects),
    tagJobs: await read(TABLES.tagJobs),
    reservations: await read(TABLES.reservations),
    localLists: await read(TABLES.localLists),
  };
}
