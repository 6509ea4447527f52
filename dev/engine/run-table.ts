import type { Clock } from "./clock.ts";
import type { ConfigTable, DeliveryConfig } from "./config-table.ts";
import type { Database, Query } from "./database.ts";
import type { AttemptError, MessageTable, UndeliveredRow } from "./message-table.ts";

export type RunState = "RUN_STARTED" | "RUN_SUCCESS" | "RUN_FAILED" | "RUN_CANCELED";
export type DedupMode = "retained" | "live";

export interface RunRow {
  pk: number;
  run_id: string;
  url: string;
  config_id: number;
  state: RunState;
  created_at: number;
  completed_at: number | null;
  response: string | null;
  dlq_id: string | null;
  failure: string | null;
  undelivered: string | null;
}

export interface StepRow {
  idx: number;
  message_id: string;
  body: string;
  created_at: number;
}

/** A message that was not delivered before its run ended, kept for the log of the run. */
export interface Undelivered {
  messageId: string;
  errors: AttemptError[];
}

export const runColumns =
  "pk, run_id, url, config_id, state, created_at, completed_at, response, dlq_id, failure, undelivered";
const listLengthMax = 1001;
const listBytesMax = 100 * 1024 * 1024;

export type Appended = { messageId: string } | { refusal: "ended" | "limit" };

/** Runs and their steps. Call methods that write inside a transaction. */
export class RunTable {
  readonly #messages: MessageTable;
  readonly #configs: ConfigTable;
  readonly #clock: Clock;
  readonly #findKnown: Query<RunRow>;
  readonly #findLive: Query<RunRow>;
  readonly #find: Query<RunRow>;
  readonly #findEnded: Query<{ pk: number }>;
  readonly #insert: Query<{ pk: number }>;
  readonly #insertLabel: Query;
  readonly #insertStep: Query;
  readonly #grow: Query<{ pk: number; idx: number; config_id: number }>;
  readonly #steps: Query<StepRow>;
  readonly #end: Query<{ pk: number }>;
  readonly #keepUndelivered: Query;
  readonly #setFailure: Query;

  constructor(db: Database, configs: ConfigTable, messages: MessageTable, clock: Clock, dedup: DedupMode) {
    this.#configs = configs;
    this.#messages = messages;
    this.#clock = clock;
    const select = `SELECT ${runColumns} FROM runs`;
    this.#find = db.prepare(`${select} WHERE pk = ?`);
    this.#findLive = db.prepare(`${select} WHERE run_id = ? AND state = 'RUN_STARTED'`);
    this.#findEnded = db.prepare("SELECT pk FROM runs WHERE run_id = ? AND state <> 'RUN_STARTED' LIMIT 1");
    this.#findKnown =
      dedup === "live" ? this.#findLive : db.prepare(`${select} WHERE run_id = ? ORDER BY pk DESC LIMIT 1`);
    this.#insert = db.prepare(
      `INSERT INTO runs (run_id, url, config_id, state, created_at, list_length, list_bytes)
       VALUES (?, ?, ?, 'RUN_STARTED', ?, 1, ?) RETURNING pk`,
    );
    this.#insertLabel = db.prepare("INSERT OR IGNORE INTO run_labels (label, run_pk) VALUES (?, ?)");
    this.#insertStep = db.prepare(
      "INSERT INTO steps (run_pk, idx, message_id, body, created_at) VALUES (?, ?, ?, ?, ?)",
    );
    this.#grow = db.prepare(
      `UPDATE runs SET list_length = list_length + 1, list_bytes = list_bytes + ?1
       WHERE run_id = ?2 AND state = 'RUN_STARTED'
         AND list_length < ${listLengthMax} AND list_bytes + ?1 <= ${listBytesMax}
       RETURNING pk, list_length - 1 AS idx, config_id`,
    );
    this.#steps = db.prepare(
      "SELECT idx, message_id, body, created_at FROM steps WHERE run_pk = ? AND idx <= ? ORDER BY idx",
    );
    this.#end = db.prepare(
      `UPDATE runs SET state = ?, completed_at = ?, response = ?
       WHERE run_id = ? AND state = 'RUN_STARTED' RETURNING pk`,
    );
    this.#keepUndelivered = db.prepare("UPDATE runs SET undelivered = ? WHERE pk = ?");
    this.#setFailure = db.prepare("UPDATE runs SET dlq_id = ?, failure = ? WHERE pk = ?");
  }

  /** The run because of which no other run with this id may start, if any. */
  findKnown(runId: string): RunRow | undefined {
    return this.#findKnown.get(runId);
  }

  findLive(runId: string): RunRow | undefined {
    return this.#findLive.get(runId);
  }

  hasEnded(runId: string): boolean {
    return this.#findEnded.get(runId) !== undefined;
  }

  find(pk: number): RunRow | undefined {
    return this.#find.get(pk);
  }

  start(runId: string, url: string, config: DeliveryConfig, body: string, delayMs: number) {
    const createdAtMs = this.#clock.nowMs();
    const configId = this.#configs.intern(config);
    const runPk = this.#insert.get(runId, url, configId, createdAtMs, body.length)?.pk;
    if (runPk === undefined) throw new Error(`run ${runId} could not be stored`);
    for (const label of config.labels) this.#insertLabel.run(label, runPk);
    const messageId = this.#messages.insert({
      kind: "step",
      runPk,
      idx: 0,
      configId,
      url,
      body: null,
      delayMs,
    });
    this.#insertStep.run(runPk, 0, messageId, body, createdAtMs);
    return { messageId, createdAtMs };
  }

  /** Adds a step result or a planned step to a live run and schedules the delivery of the steps up to it. */
  append(runId: string, url: string, body: string, delayMs: number): Appended {
    const run = this.#grow.get(body.length, runId);
    if (!run) return { refusal: this.findLive(runId) ? "limit" : "ended" };
    const { pk: runPk, idx, config_id: configId } = run;
    const messageId = this.#messages.insert({ kind: "step", runPk, idx, configId, url, body: null, delayMs });
    this.#insertStep.run(runPk, idx, messageId, body, this.#clock.nowMs());
    return { messageId };
  }

  /** The steps up to and including an index: the same for every attempt of a message. */
  steps(runPk: number, lastIdx: number): StepRow[] {
    return this.#steps.all(runPk, lastIdx);
  }

  /** Ends a live run and removes its undelivered messages. False when it had ended before. */
  end(runId: string, state: Exclude<RunState, "RUN_STARTED">, response: string | null): boolean {
    const ended = this.#end.get(state, this.#clock.nowMs(), response, runId);
    if (!ended) return false;
    const removed = this.#messages.removeOfRun(ended.pk);
    if (state !== "RUN_SUCCESS" && removed.length > 0) {
      this.#keepUndelivered.run(JSON.stringify(removed.map(undelivered)), ended.pk);
    }
    return true;
  }

  keepUndelivered(pk: number, entries: Undelivered[]): void {
    this.#keepUndelivered.run(JSON.stringify(entries), pk);
  }

  setFailure(pk: number, dlqId: string | null, failure: object | null): void {
    this.#setFailure.run(dlqId, failure ? JSON.stringify(failure) : null, pk);
  }
}

function undelivered({ message_id, errors }: UndeliveredRow): Undelivered {
  return { messageId: message_id, errors: errors ? JSON.parse(errors) : [] };
}
