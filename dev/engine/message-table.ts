import type { Clock } from "./clock.ts";
import type { ConfigTable } from "./config-table.ts";
import type { Database, Query, SqlValue } from "./database.ts";
import type { Scheduler } from "./scheduler.ts";

export type MessageKind = "step" | "failure" | "plain";

/** One failed attempt, as `client.logs` shows it. */
export interface AttemptError {
  error: string;
  body: string;
  headers: Record<string, string[]>;
  status: number;
  time: number;
}

export interface NewMessage {
  kind: MessageKind;
  runPk: number | null;
  /** Index of the last step that the delivery carries; null for a message outside of a run. */
  idx: number | null;
  configId: number;
  url: string;
  body: string | null;
  delayMs: number;
}

export interface MessageRow {
  pk: number;
  message_id: string;
  kind: MessageKind;
  run_pk: number | null;
  idx: number | null;
  config_id: number;
  url: string;
  body: string | null;
  retried: number;
  created_at: number;
  errors: string | null;
}

/** A message of a run that was not delivered before the run ended. */
export interface UndeliveredRow {
  pk: number;
  message_id: string;
  errors: string | null;
}

const columns = "pk, message_id, kind, run_pk, idx, config_id, url, body, retried, created_at, errors";

/** Messages that are still to be delivered: stored in the file and, after the commit, in the scheduler. */
export class MessageTable {
  readonly #db: Database;
  readonly #configs: ConfigTable;
  readonly #scheduler: Scheduler;
  readonly #clock: Clock;
  readonly #idPrefix: string;
  readonly #insert: Query;
  readonly #find: Query<MessageRow>;
  readonly #delete: Query;
  readonly #deleteOfRun: Query<UndeliveredRow>;
  readonly #postpone: Query;
  readonly #ofRun: Query<MessageRow>;
  #nextPk: number;
  #delivered: number[] = [];

  constructor(db: Database, configs: ConfigTable, scheduler: Scheduler, clock: Clock, bootId: string) {
    this.#db = db;
    this.#configs = configs;
    this.#scheduler = scheduler;
    this.#clock = clock;
    this.#idPrefix = `msg_${bootId}`;
    this.#insert = db.prepare(
      `INSERT INTO messages (${columns}, due_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, NULL, ?)`,
    );
    this.#find = db.prepare(`SELECT ${columns} FROM messages WHERE pk = ?`);
    this.#delete = db.prepare("DELETE FROM messages WHERE pk = ?");
    this.#deleteOfRun = db.prepare("DELETE FROM messages WHERE run_pk = ? RETURNING pk, message_id, errors");
    this.#postpone = db.prepare(
      "UPDATE messages SET retried = retried + 1, due_at = ?, errors = ? WHERE pk = ?",
    );
    this.#ofRun = db.prepare(`SELECT ${columns} FROM messages WHERE run_pk = ? ORDER BY pk`);
    this.#nextPk =
      (db.prepare<{ pk: number | null }>("SELECT max(pk) AS pk FROM messages").get()?.pk ?? 0) + 1;
  }

  /** Schedules all stored messages. Claims are not stored, so none of an earlier process is left. */
  scheduleStored(): void {
    const stored = this.#db.prepare<{ pk: number; due_at: number; config_id: number }>(
      "SELECT pk, due_at, config_id FROM messages ORDER BY pk",
    );
    for (const { pk, due_at, config_id } of stored.all()) this.#schedule(pk, due_at, config_id);
  }

  /** Returns the message id. Call inside a transaction. */
  insert(message: NewMessage): string {
    const pk = this.#nextPk++;
    const messageId = `${this.#idPrefix}_${pk.toString(36)}`;
    const nowMs = this.#clock.nowMs();
    const dueAtMs = Math.round(nowMs + message.delayMs);
    const { kind, runPk, idx, configId, url, body } = message;
    const values: SqlValue[] = [pk, messageId, kind, runPk, idx, configId, url, body, nowMs, dueAtMs];
    this.#insert.run(...values);
    this.#db.afterCommit(() => this.#schedule(pk, dueAtMs, configId));
    return messageId;
  }

  find(pk: number): MessageRow | undefined {
    return this.#find.get(pk);
  }

  ofRun(runPk: number): MessageRow[] {
    return this.#ofRun.all(runPk);
  }

  /**
   * Removes a delivered message. The rows of one turn of the event loop are deleted in one transaction at its end. After a crash
   * before that, the messages are delivered again.
   */
  complete(pk: number): void {
    this.#scheduler.drop(pk);
    if (this.#delivered.push(pk) === 1) setImmediate(() => this.flushDelivered());
  }

  flushDelivered(): void {
    const delivered = this.#delivered;
    if (delivered.length === 0) return;
    this.#delivered = [];
    this.#db.transaction(() => {
      for (const pk of delivered) this.#delete.run(pk);
    });
  }

  /** Call inside a transaction. */
  remove(pk: number): void {
    this.#delete.run(pk);
    this.#db.afterCommit(() => this.#scheduler.drop(pk));
  }

  /** Call inside a transaction. */
  postpone(row: MessageRow, errors: AttemptError[], delayMs: number): void {
    const dueAtMs = Math.round(this.#clock.nowMs() + delayMs);
    this.#postpone.run(dueAtMs, JSON.stringify(errors), row.pk);
    this.#db.afterCommit(() => this.#schedule(row.pk, dueAtMs, row.config_id));
  }

  /** Removes the undelivered messages of a run. Call inside a transaction. */
  removeOfRun(runPk: number): UndeliveredRow[] {
    const removed = this.#deleteOfRun.all(runPk);
    this.#db.afterCommit(() => {
      for (const { pk } of removed) this.#scheduler.drop(pk);
    });
    return removed;
  }

  #schedule(pk: number, dueAtMs: number, configId: number): void {
    this.#scheduler.add({ pk, dueAtMs, flow: this.#configs.get(configId).flow, isDropped: false });
  }
}
