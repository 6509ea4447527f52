import type { SessionFact, SessionFactRow } from "../../ports.ts";
import { deliverFacts, type FactSink } from "../facts/deliver-facts.ts";
import type { LineFacts } from "./station/hosted-station.ts";
import { STATIONS_PER_HOST } from "../../ports.ts";

const TELL_AFTER_MS = 500;
const BACKOFF_MAX_MS = 60_000;

interface HostOutboxServices {
  setTimer(atMs: number, run: () => void): void;
  nowMs(): number;
  sink: FactSink;
  log(event: string, about: Record<string, unknown>): void;
}

type StoredFacts = { seq: number; charger_id: string; generation: number; at_ms: number; facts: string };

/**
 * Outbox of a host: first facts of its stations, stored in the SQLite of the host and written to Postgres, many in one statement.
 * At-least-once; a repeated fact changes nothing.
 */
export class HostOutbox {
  readonly #sql: SqlStorage;
  readonly #services: HostOutboxServices;
  #isArmed = false;
  #isSending = false;
  #failures = 0;

  constructor(sql: SqlStorage, services: HostOutboxServices) {
    this.#sql = sql;
    this.#services = services;
    sql.exec(`CREATE TABLE IF NOT EXISTS news (
      seq INTEGER PRIMARY KEY, charger_id TEXT NOT NULL, generation INTEGER NOT NULL, at_ms INTEGER NOT NULL, facts TEXT NOT NULL)`);
    if (this.#waiting().length > 0) this.#arm();
  }

  /** Stores the first facts of a line, in the commit of the current turn. */
  post(chargerId: string, { generation, atMs, facts }: LineFacts): void {
    this.#sql.exec(
      "INSERT INTO news (charger_id, generation, at_ms, facts) VALUES (?, ?, ?, ?)",
      chargerId,
      generation,
      atMs,
      JSON.stringify(facts),
    );
    this.#arm();
  }

  forget(chargerId: string): void {
    this.#sql.exec("DELETE FROM news WHERE charger_id = ?", chargerId);
  }

  #arm(): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    const delayMs = Math.min(BACKOFF_MAX_MS, TELL_AFTER_MS * 2 ** this.#failures);
    this.#services.setTimer(this.#services.nowMs() + delayMs, () => {
      this.#isArmed = false;
      void this.#send();
    });
  }

  async #send(): Promise<void> {
    const waiting = this.#waiting();
    const newest = waiting.at(-1);
    if (this.#isSending || !newest) return;
    this.#isSending = true;
    const hasArrived = await deliverFacts(this.#services.sink, waiting.flatMap(factRows), "shared", {
      failed: (reason) => this.#services.log("host.newsFailed", { reason }),
      dropped: ({ chargerId, fact }, error) =>
        this.#services.log("host.newsRefused", { chargerId, fact: fact.type, reason: error.message }),
    });
    this.#isSending = false;
    this.#failures = hasArrived ? 0 : this.#failures + 1;
    if (hasArrived) this.#sql.exec("DELETE FROM news WHERE seq <= ?", newest.seq);
    if (this.#waiting().length > 0) this.#arm();
  }

  /** The oldest stored facts, as many lines as one statement carries. */
  #waiting(): StoredFacts[] {
    return this.#sql
      .exec<StoredFacts>(`SELECT * FROM news ORDER BY seq LIMIT ${STATIONS_PER_HOST}`)
      .toArray();
  }
}

/** Rows of one line. The JSON was written by `post`. */
function factRows({ charger_id: chargerId, generation, at_ms: atMs, facts }: StoredFacts): SessionFactRow[] {
  return (JSON.parse(facts) as SessionFact[]).map((fact) => ({ chargerId, generation, atMs, fact }));
}
