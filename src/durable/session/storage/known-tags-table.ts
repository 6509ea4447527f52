import type { KnownTag } from "../../../ocpp/tag-judgement.ts";
import { LazyTables } from "./lazy-tables.ts";

/** Tags that a session remembers. */
export const KNOWN_TAGS_MAX = 256;

const TABLE = `CREATE TABLE IF NOT EXISTS known_tags (seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, body TEXT NOT NULL)`;

/**
 * Last known status of the tags that were used at this charger, for the time when the registry cannot be asked. A row is written
 * only when a status is new or has changed, so a card that is used every day costs nothing.
 */
export class KnownTagsTable {
  readonly #table: LazyTables;

  constructor(sql: SqlStorage) {
    this.#table = new LazyTables(sql, "known_tags", TABLE);
  }

  /** Null: nothing is remembered of this tag. */
  find(key: string): KnownTag | null {
    const body = this.#bodyOf(key);
    return body === null ? null : (JSON.parse(body) as KnownTag);
  }

  /** Null: the tag does not exist any more, and is not remembered. */
  keep(key: string, tag: KnownTag | null): void {
    const before = this.#bodyOf(key);
    const body = tag && JSON.stringify(tag);
    if (before === body) return;
    const sql = this.#table.writing;
    if (body === null) return void sql.exec("DELETE FROM known_tags WHERE key = ?", key);
    if (before !== null) return void sql.exec("UPDATE known_tags SET body = ? WHERE key = ?", body, key);
    const oldest = `DELETE FROM known_tags WHERE seq <= (SELECT seq FROM known_tags ORDER BY seq DESC LIMIT 1 OFFSET ?)`;
    sql.exec(oldest, KNOWN_TAGS_MAX - 1);
    sql.exec("INSERT INTO known_tags (key, body) VALUES (?, ?)", key, body);
  }

  #bodyOf(key: string): string | null {
    const text = "SELECT body FROM known_tags WHERE key = ?";
    return this.#table.reading?.exec<{ body: string }>(text, key).toArray()[0]?.body ?? null;
  }

  clear(): void {
    this.#table.reading?.exec("DELETE FROM known_tags");
  }

  /** Call after deleteAll(). */
  forget(): void {
    this.#table.forget();
  }
}
