import { DurableObject } from "cloudflare:workers";
import { readEnv, type RawEnv } from "../env.ts";
import type { KnownTag } from "../ocpp/tag-judgement.ts";
import type { RegistryTag, TagUpdate, WantedVendors } from "../ports.ts";
import { within } from "../within.ts";
import type { ServicesOf } from "./services.ts";

const TABLE = `CREATE TABLE IF NOT EXISTS tags (
  key TEXT PRIMARY KEY, version INTEGER NOT NULL, at_ms INTEGER NOT NULL, body TEXT) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS tags_gone ON tags (at_ms) WHERE body IS NULL`;
/** Set once the whole shard was read from Postgres. From then on a tag that is not stored here does not exist. */
const LOADED_KEY = "loaded";
const PAGE = 1000;
const PAGE_TIMEOUT_MS = 5000;
/** Interval between attempts to load the shard. */
const LOAD_AGAIN_MS = 10_000;
/**
 * How long the key of a deleted tag is kept, so that an older state that arrives late is ignored. Longer than a step of a run.
 */
const GONE_FOR_MS = 10 * 60_000;

/** Whose vendor messages webhooks want, as it was read last. */
const VENDORS_KEY = "vendors";
/** How long that is used before it is read again in the background: changes tell of themselves, if they can. */
const VENDORS_FRESH_MS = 60_000;

/** A tag without the key it is stored under. */
type StoredBody = Omit<RegistryTag, "key">;

/**
 * One shard of the tag registry: id tags of one organisation, by which its chargers judge cards without Postgres. Follows each
 * change by `put`, which the effect of the change repeats until it succeeded; of two states of a tag the one with the higher
 * version of the organisation's tags stays. Name: `registryName`.
 */
export class TagRegistry extends DurableObject<RawEnv> {
  readonly #services: ServicesOf;
  #isReady = false;
  #loading: Promise<void> | null = null;
  #nextLoadMs = 0;
  /** The highest version that was stored; null: not read yet. */
  #newest: number | null = null;
  #nextVendorsMs = 0;
  #readingVendors: Promise<void> = Promise.resolve();

  constructor(ctx: DurableObjectState, env: RawEnv, services: ServicesOf) {
    super(ctx, env);
    this.#services = services;
  }

  /**
   * The tag as it applies to one charger; null: it does not exist. "unknown": the shard is not loaded. Never waits for Postgres:
   * a shard is loaded in the background.
   */
  judge(organizationId: string, shard: number, key: string, chargerId: string): KnownTag | null | "unknown" {
    const [row] = this.#sql
      .exec<{ body: string | null }>("SELECT body FROM tags WHERE key = ?", key)
      .toArray();
    if (row) return row.body === null ? null : seenFrom(chargerId, JSON.parse(row.body) as StoredBody);
    if (this.#isLoaded) return null;
    if (Date.now() >= this.#nextLoadMs) this.ctx.waitUntil(this.#loadQuietly(organizationId, shard));
    return "unknown";
  }

  /** Returns the newest version that is stored here. */
  async put({ organizationId, shard, version, tags, gone }: TagUpdate): Promise<number> {
    this.#store(version, tags, gone);
    const newest = this.#newestVersion();
    await this.#forgetGone();
    if (!this.#isLoaded) await this.#load(organizationId, shard);
    return newest;
  }

  /** Reads the whole shard from Postgres. @throws Error when Postgres does not answer */
  reload(organizationId: string, shard: number): Promise<void> {
    return this.#load(organizationId, shard);
  }

  /**
   * Whose vendor messages webhooks of the organisation want; "unknown": it was not read yet. Never waits for Postgres: it is read
   * again in the background. Only one shard of an organisation is asked.
   */
  wantedVendors(organizationId: string): WantedVendors | "unknown" {
    if (Date.now() >= this.#nextVendorsMs) {
      this.#nextVendorsMs = Date.now() + LOAD_AGAIN_MS;
      this.ctx.waitUntil(
        this.reloadVendors(organizationId).catch((error: unknown) => {
          const reason = error instanceof Error ? error.message : "unknown";
          console.error(JSON.stringify({ event: "tagRegistry.vendorsNotRead", organizationId, reason }));
        }),
      );
    }
    return this.ctx.storage.kv.get<WantedVendors>(VENDORS_KEY) ?? "unknown";
  }

  /** Reads them from Postgres, after a read that is in progress: that may not have seen the change. @throws Error */
  reloadVendors(organizationId: string): Promise<void> {
    const reading = this.#readingVendors.catch(() => undefined).then(() => this.#readVendors(organizationId));
    this.#readingVendors = reading;
    return reading;
  }

  async #readVendors(organizationId: string): Promise<void> {
    const { webhooks } = this.#services(readEnv(this.env));
    const wanted = await within(PAGE_TIMEOUT_MS, webhooks.wantedVendors(organizationId), late);
    this.#nextVendorsMs = Date.now() + VENDORS_FRESH_MS;
    const { kv } = this.ctx.storage;
    if (JSON.stringify(kv.get(VENDORS_KEY)) !== JSON.stringify(wanted)) kv.put(VENDORS_KEY, wanted);
  }

  override async alarm(): Promise<void> {
    await this.#forgetGone();
  }

  get #sql(): SqlStorage {
    const { sql } = this.ctx.storage;
    if (!this.#isReady) sql.exec(TABLE);
    this.#isReady = true;
    return sql;
  }

  get #isLoaded(): boolean {
    return this.ctx.storage.kv.get<boolean>(LOADED_KEY) === true;
  }

  #newestVersion(): number {
    const text = "SELECT coalesce(max(version), 0) AS version FROM tags";
    this.#newest ??= this.#sql.exec<{ version: number }>(text).one().version;
    return this.#newest;
  }

  #store(version: number, tags: readonly RegistryTag[], gone: readonly string[]): void {
    const text = `INSERT INTO tags (key, version, at_ms, body) VALUES (?, ?, ?, ?)
      ON CONFLICT (key) DO UPDATE SET version = excluded.version, at_ms = excluded.at_ms, body = excluded.body
      WHERE tags.version < excluded.version`;
    if (tags.length + gone.length > 0) this.#newest = Math.max(this.#newestVersion(), version);
    const nowMs = Date.now();
    for (const { key, ...body } of tags) this.#sql.exec(text, key, version, nowMs, JSON.stringify(body));
    for (const key of gone) this.#sql.exec(text, key, version, nowMs, null);
  }

  async #loadQuietly(organizationId: string, shard: number): Promise<void> {
    this.#nextLoadMs = Date.now() + LOAD_AGAIN_MS;
    try {
      await this.#load(organizationId, shard);
    } catch (error) {
      const reason = error instanceof Error ? error.message : "unknown";
      console.error(JSON.stringify({ event: "tagRegistry.notLoaded", organizationId, shard, reason }));
    }
  }

  /** One load at a time, shared by all callers. */
  #load(organizationId: string, shard: number): Promise<void> {
    this.#loading ??= this.#readAll(organizationId, shard).finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  async #readAll(organizationId: string, shard: number): Promise<void> {
    const { tagRegistry } = this.#services(readEnv(this.env));
    // An older copy of Postgres counts from below what is stored here.
    const newest = this.#newestVersion();
    if (newest > 0) await within(PAGE_TIMEOUT_MS, tagRegistry.raiseVersion(organizationId, newest), late);
    for (let after = ""; ;) {
      const page = tagRegistry.shardPage(organizationId, shard, after, PAGE);
      const { version, tags } = await within(PAGE_TIMEOUT_MS, page, late);
      const last = tags.length < PAGE ? null : (tags.at(-1)?.key ?? null);
      this.#replaceRange(version, tags, after, last);
      if (last === null) break;
      after = last;
    }
    this.ctx.storage.kv.put(LOADED_KEY, true);
  }

  /** Makes the keys behind `after`, up to `last` if there is one, those of a page. */
  #replaceRange(version: number, tags: readonly RegistryTag[], after: string, last: string | null): void {
    const kept = new Set(tags.map(({ key }) => key));
    const text = `SELECT key FROM tags WHERE key > ? AND (? IS NULL OR key <= ?) AND body IS NOT NULL AND version < ?`;
    const here = this.#sql.exec<{ key: string }>(text, after, last, last, version).toArray();
    const gone = here.flatMap(({ key }) => (kept.has(key) ? [] : [key]));
    this.#store(version, tags, gone);
  }

  /** Deletes expired keys of deleted tags, and sets the alarm for the next ones. */
  async #forgetGone(): Promise<void> {
    const sql = this.#sql;
    sql.exec("DELETE FROM tags WHERE body IS NULL AND at_ms <= ?", Date.now() - GONE_FOR_MS);
    const text = "SELECT min(at_ms) AS at_ms FROM tags WHERE body IS NULL";
    const oldestMs = sql.exec<{ at_ms: number | null }>(text).one().at_ms;
    if (oldestMs !== null && (await this.ctx.storage.getAlarm()) === null)
      await this.ctx.storage.setAlarm(oldestMs + GONE_FOR_MS);
  }
}

function late(): Error {
  return new Error("The database did not answer in time");
}

function seenFrom(
  chargerId: string,
  { blocked, expiresAtMs, groupId, type, chargerIds }: StoredBody,
): KnownTag {
  const isValidHere = chargerIds === null || chargerIds.includes(chargerId);
  return { blocked, expiresAtMs, groupId, type, isValidHere };
}
