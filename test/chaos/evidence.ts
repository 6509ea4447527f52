import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { deserialize } from "node:v8";
import { z } from "zod";
import { objectFiles, readObject, tablesOf } from "../harness/object-files.ts";
import { openSql } from "../harness/sql.ts";
import type { ChaosStack } from "./chaos-stack.ts";
import type { Ledger, StationLog } from "./ledger.ts";

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
  organization_id: z.string(),
  transaction_id: z.number(),
  charger_id: z.string(),
  ocpp_transaction_id: z.string().nullable(),
  status: z.string(),
  meter_start_wh: z.coerce.number().nullable(),
  meter_stop_wh: z.coerce.number().nullable(),
  revision: z.number(),
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
    "SELECT organization_id, transaction_id, charger_id, ocpp_transaction_id, status, meter_start_wh, meter_stop_wh, revision FROM transactions",
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
} as const;

type Rows<Name extends keyof typeof TABLES> = z.infer<(typeof TABLES)[Name][0]>[];

/** What Postgres holds. */
export type DatabaseRows = { [Name in keyof typeof TABLES]: Rows<Name> };

/** A session object on disk. */
export interface StoredSession {
  file: string;
  chargerId: string;
  identity: string;
  organizationId: string;
  generation: number;
  isRetired: boolean;
  /** Facts that have not reached Postgres. */
  unsent: number;
}

/** Prepared provisioning of an external charger; `isTaken`: its session exists. */
export interface PreparedCharger {
  chargerId: string;
  identity: string;
  isTaken: boolean;
}

/** A tag in an object of the tag registry. */
export interface RegisteredTag {
  key: string;
  blocked: boolean;
}

export interface JobAnswer {
  status: string;
  total: number;
  created: number;
  failed: number;
  pending: number;
}

/** Everything an audit compares. */
export interface Evidence {
  ledger: Ledger;
  /** By tenant. */
  organizations: readonly string[];
  stations: readonly StationLog[];
  database: DatabaseRows;
  /** As it was after the round before. */
  before: DatabaseRows | null;
  sessions: readonly StoredSession[];
  prepared: readonly PreparedCharger[];
  registry: readonly RegisteredTag[];
  strayAlarms: readonly string[];
  /** What the API says; null: not found. */
  jobs: ReadonlyMap<string, JobAnswer | null>;
  online: ReadonlyMap<string, boolean | null>;
  engine: { pending: number; inFlight: number; dead: DeadLetter[] };
}

/** A rule returns its violations. */
export type Rule = (evidence: Evidence) => string[];

export interface DeadLetter {
  runId: string | null;
  url: string;
  status: number | null;
}

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
  };
}

const storedRecord = z.object({
  chargerId: z.string(),
  identity: z.string(),
  organizationId: z.string(),
  generation: z.number(),
  isRetired: z.boolean(),
  outbox: z.array(z.unknown()).default([]),
  connected: z.unknown(),
  flushFailures: z.number(),
});

/** Files read before somebody else in this process has a turn: stations live in it too. */
const FILES_PER_TURN = 25;

/** Reads every object of a class that has stored values, also while they are in use. */
async function storedIn<Value>(
  dataDirectory: string,
  className: string,
  read: (database: DatabaseSync, file: string) => Value[],
): Promise<Value[]> {
  const values: Value[] = [];
  for (const [index, file] of objectFiles(dataDirectory, className).entries()) {
    if (index % FILES_PER_TURN === 0) await nextTurn();
    const found = readObject(file, (database) =>
      tablesOf(database).has("_cf_KV") ? read(database, basename(file)) : [],
    );
    values.push(...found);
  }
  return values;
}

export function readSessions(dataDirectory: string): Promise<StoredSession[]> {
  return storedIn(dataDirectory, "ChargePointSession", (database, file) => {
    const row = database.prepare("SELECT value FROM _cf_KV WHERE key = 'record'").get();
    if (!row) return [];
    const { outbox, connected, flushFailures, ...record } = storedRecord.parse(
      deserialize(row["value"] as Uint8Array),
    );
    // While a line is open and the database takes everything, what has arrived is noted with the socket alone.
    const isNotedElsewhere = connected !== null && flushFailures === 0;
    const stored = tablesOf(database).has("outbox")
      ? Number(database.prepare("SELECT count(*) AS n FROM outbox").get()?.["n"] ?? 0)
      : 0;
    return [{ file, ...record, unsent: (isNotedElsewhere ? 0 : outbox.length) + stored }];
  });
}

/** Names of session objects that an alarm will wake although they hold nothing. */
export function readStrayAlarms(dataDirectory: string, sessions: readonly StoredSession[]): string[] {
  const file = join(dataDirectory, "objects", "busbar-ChargePointSession", "metadata.sqlite");
  if (!existsSync(file)) return [];
  const holding = new Set(sessions.map((session) => session.file));
  return readObject(file, (database) => {
    const alarms = database.prepare("SELECT actor_id, actor_name FROM _cf_ALARM").all();
    return alarms
      .filter(({ actor_id }) => !holding.has(`${String(actor_id)}.sqlite`))
      .map(({ actor_name }) => String(actor_name));
  });
}

const storedPlace = z.object({
  offer: z.object({ ref: z.object({ identity: z.string() }), input: z.object({ chargerId: z.string() }) }),
  isTaken: z.boolean(),
});

export function readPrepared(dataDirectory: string): Promise<PreparedCharger[]> {
  return storedIn(dataDirectory, "SessionShelf", (database) =>
    database
      .prepare("SELECT value FROM _cf_KV")
      .all()
      .map(({ value }): unknown => deserialize(value as Uint8Array))
      // The object also stores a policy of its organisation.
      .filter((value) => typeof value === "object" && value !== null && "offer" in value)
      .map((value) => {
        const { offer, isTaken } = storedPlace.parse(value);
        return { chargerId: offer.input.chargerId, identity: offer.ref.identity, isTaken };
      }),
  );
}

const registeredTag = z.object({ blocked: z.boolean() });

export function readRegistry(dataDirectory: string): Promise<RegisteredTag[]> {
  return storedIn(dataDirectory, "TagRegistry", (database) => {
    if (!tablesOf(database).has("tags")) return [];
    const rows = database.prepare("SELECT key, body FROM tags WHERE body IS NOT NULL").all();
    return rows.map(({ key, body }) => ({
      key: String(key),
      ...registeredTag.parse(JSON.parse(String(body))),
    }));
  });
}

const progress = z.object({
  status: z.string(),
  progress: z.object({ total: z.number(), created: z.number(), failed: z.number(), pending: z.number() }),
});

async function ask(url: string, apiKey: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${apiKey}`, "x-api-key": apiKey },
    signal: AbortSignal.timeout(30_000),
  });
  return { status: response.status, body: await response.json() };
}

/** Null: not found. @throws while the API has trouble */
export async function readJob(url: string, apiKey: string): Promise<JobAnswer | null> {
  const { status, body } = await ask(url, apiKey);
  if (status === 404) return null;
  if (status !== 200) throw new Error(`${url}: ${status}`);
  const { status: state, progress: counts } = progress.parse(body);
  return { status: state, ...counts };
}

/** Whether the API shows a charger on line; null: not found. @throws while the API has trouble */
export async function readOnline(
  workerUrl: string,
  identity: string,
  apiKey: string,
): Promise<boolean | null> {
  const { status, body } = await ask(`${workerUrl}/api/v1/chargers/${identity}`, apiKey);
  if (status === 404) return null;
  if (status !== 200) throw new Error(`${identity}: ${status}`);
  return z.object({ isOnline: z.boolean() }).parse(body).isOnline;
}

const stats = z.object({ pending: z.number(), inFlight: z.number() });
const dlq = z.object({
  cursor: z.string().optional(),
  messages: z.array(
    z.looseObject({
      url: z.string(),
      workflowRunId: z.string().nullish(),
      responseStatus: z.number().nullish(),
    }),
  ),
});

export async function readEngine(stack: ChaosStack): Promise<Evidence["engine"]> {
  const engine = stack.running.address("engine");
  const headers = { authorization: `Bearer ${stack.secrets.QSTASH_TOKEN}` };
  const get = async (path: string): Promise<unknown> => {
    const response = await fetch(`${engine}${path}`, { headers, signal: AbortSignal.timeout(10_000) });
    return response.json();
  };
  const { pending, inFlight } = stats.parse(await get("/_test/stats"));
  const { messages } = dlq.parse(await get("/v2/dlq?count=100"));
  const dead = messages.map(({ url, workflowRunId, responseStatus }) => ({
    url,
    runId: workflowRunId ?? null,
    status: responseStatus ?? null,
  }));
  return { pending, inFlight, dead };
}
