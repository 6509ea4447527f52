import { randomUUID } from "node:crypto";
import type { Clock } from "./clock.ts";
import type { Database, Query } from "./database.ts";

export interface CallbackInfo {
  state: "CALLBACK_INPROGRESS" | "CALLBACK_SUCCESS" | "CALLBACK_FAIL";
  responseStatus?: number;
  responseBody?: string;
  responseHeaders?: Record<string, string[]>;
}

export interface DeadLetter {
  dlqId: string;
  messageId: string;
  url: string;
  method: string;
  header: Record<string, string[]>;
  body: string;
  maxRetries: number;
  createdAt: number;
  workflowRunId?: string;
  workflowCreatedAt?: number;
  workflowUrl?: string;
  responseStatus: number;
  responseHeader: Record<string, string[]>;
  responseBody: string;
  flowControlKey?: string;
  failureCallback?: string;
  failureCallbackInfo?: CallbackInfo;
  label?: string;
  labels?: string[];
}

const countMax = 100;

/** Dead letters: messages whose retries are used up, newest first. */
export class DeadLetterTable {
  readonly #clock: Clock;
  readonly #insert: Query;
  readonly #list: Query<{ pk: number; message: string }>;
  readonly #setCallback: Query;
  readonly #prune: Query;

  constructor(db: Database, clock: Clock) {
    this.#clock = clock;
    this.#insert = db.prepare("INSERT INTO dlq (dlq_id, created_at, message) VALUES (?, ?, ?)");
    this.#list = db.prepare("SELECT pk, message FROM dlq WHERE pk < ? ORDER BY pk DESC");
    this.#setCallback = db.prepare(
      "UPDATE dlq SET message = json_set(message, '$.failureCallbackInfo', json(?)) WHERE dlq_id = ?",
    );
    this.#prune = db.prepare("DELETE FROM dlq WHERE created_at < ?");
  }

  /** Call inside a transaction. */
  add(letter: Omit<DeadLetter, "dlqId" | "createdAt">): DeadLetter {
    const stored: DeadLetter = {
      dlqId: `${this.#clock.nowMs()}-${randomUUID()}`,
      createdAt: this.#clock.nowMs(),
      ...letter,
    };
    this.#insert.run(stored.dlqId, stored.createdAt, JSON.stringify(stored));
    return stored;
  }

  setCallback(dlqId: string, info: CallbackInfo): void {
    this.#setCallback.run(JSON.stringify(info), dlqId);
  }

  list(query: URLSearchParams): { messages: DeadLetter[]; cursor?: string } {
    const count = Math.min(countMax, Math.max(1, Number(query.get("count")) || countMax));
    const messages: DeadLetter[] = [];
    let lastPk = 0;
    for (const { pk, message } of this.#list.iterate(
      Number(query.get("cursor")) || Number.MAX_SAFE_INTEGER,
    )) {
      if (messages.length === count) return { messages, cursor: String(lastPk) };
      const letter = JSON.parse(message) as DeadLetter;
      lastPk = pk;
      if (isWanted(letter, query)) messages.push(letter);
    }
    return { messages };
  }

  prune(beforeMs: number): void {
    this.#prune.run(beforeMs);
  }
}

function isWanted(letter: DeadLetter, query: URLSearchParams): boolean {
  const filters: Record<string, unknown[]> = {
    messageId: [letter.messageId],
    source: [letter.workflowRunId === undefined ? "qstash" : "workflow"],
    workflowRunId: [letter.workflowRunId],
    workflowCreatedAt: [letter.workflowCreatedAt],
    workflowUrl: [letter.workflowUrl],
    url: [letter.url],
    responseStatus: [letter.responseStatus],
    label: letter.labels ?? [],
    flowControlKey: [letter.flowControlKey],
    failureFunctionState: [letter.failureCallbackInfo?.state],
  };
  for (const [name, actual] of Object.entries(filters)) {
    const wanted = query.getAll(name);
    if (wanted.length > 0 && !actual.some((value) => wanted.includes(String(value)))) return false;
  }
  const [fromMs, toMs] = [Number(query.get("fromDate") ?? 0), Number(query.get("toDate") ?? Infinity)];
  return letter.createdAt >= fromMs && letter.createdAt <= toMs;
}
