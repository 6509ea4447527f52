import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { deserialize } from "node:v8";
import { z } from "zod";
import { objectFiles, readObject, tablesOf } from "../harness/object-files.ts";
import type { ChaosStack } from "./chaos-stack.ts";
import type { DatabaseRows } from "./database-rows.ts";
import type { Ledger, StationLog } from "./ledger.ts";
import type { StationDesk } from "./station-desk.ts";

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

/** What a simulated station has stored, as its host has it on disk. */
export interface SimulatedMemory {
  chargerId: string;
  /** Connectors with a car. */
  cars: readonly string[];
  /** What was said of the fault of a connector, by its number. */
  faults: Readonly<Record<string, string | null>>;
  listVersion: number;
  /** Status by id tag in lower case. */
  list: ReadonlyMap<string, string>;
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
  simulated: readonly SimulatedMemory[];
  /** What stations remember of starts, reservations and lists, by identity. */
  desks: ReadonlyMap<string, DeskLog>;
  nowMs: number;
  strayAlarms: readonly string[];
  /** What the API says; null: not found. */
  jobs: ReadonlyMap<string, JobAnswer | null>;
  online: ReadonlyMap<string, boolean | null>;
  engine: { pending: number; inFlight: number; dead: DeadLetter[] };
}

export type DeskLog = Pick<StationDesk, "reservations" | "list" | "listVersion" | "lists">;

/** A rule returns its violations. */
export type Rule = (evidence: Evidence) => string[];

export interface DeadLetter {
  runId: string | null;
  url: string;
  status: number | null;
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

/** Reads every object of a class that has a table, also while they are in use. */
async function storedIn<Value>(
  dataDirectory: string,
  className: string,
  table: string,
  read: (database: DatabaseSync, file: string) => Value[],
): Promise<Value[]> {
  const values: Value[] = [];
  for (const [index, file] of objectFiles(dataDirectory, className).entries()) {
    if (index % FILES_PER_TURN === 0) await nextTurn();
    const found = readObject(file, (database) =>
      tablesOf(database).has(table) ? read(database, basename(file)) : [],
    );
    values.push(...found);
  }
  return values;
}

export function readSessions(dataDirectory: string): Promise<StoredSession[]> {
  return storedIn(dataDirectory, "ChargePointSession", "_cf_KV", (database, file) => {
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
  return storedIn(dataDirectory, "SessionShelf", "_cf_KV", (database) =>
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
  return storedIn(dataDirectory, "TagRegistry", "_cf_KV", (database) => {
    if (!tablesOf(database).has("tags")) return [];
    const rows = database.prepare("SELECT key, body FROM tags WHERE body IS NOT NULL").all();
    return rows.map(({ key, body }) => ({
      key: String(key),
      ...registeredTag.parse(JSON.parse(String(body))),
    }));
  });
}

const simulatedMemory = z.object({
  cars: z.record(z.string(), z.unknown()).default({}),
  faults: z.record(z.string(), z.object({ info: z.string().nullable() })).default({}),
  localList: z
    .object({ version: z.number(), entries: z.record(z.string(), z.object({ status: z.string() })) })
    .default({ version: 0, entries: {} }),
});

export function readSimulated(dataDirectory: string): Promise<SimulatedMemory[]> {
  return storedIn(dataDirectory, "SimulatorHost", "stations", (database) =>
    database
      .prepare("SELECT charger_id, memory FROM stations")
      .all()
      .map(({ charger_id, memory }) => {
        const { cars, faults, localList } = simulatedMemory.parse(JSON.parse(String(memory)));
        const entries = Object.entries(localList.entries);
        return {
          chargerId: String(charger_id),
          cars: Object.keys(cars),
          faults: Object.fromEntries(Object.entries(faults).map(([at, { info }]) => [at, info])),
          listVersion: localList.version,
          list: new Map(entries.map(([name, { status }]) => [name.toLowerCase(), status])),
        };
      }),
  );
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
