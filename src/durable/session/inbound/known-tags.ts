import { tagKey, type KnownTag } from "../../../ocpp/tag-judgement.ts";
import type { AskRegistry } from "../../tag-registries.ts";
import { KNOWN_TAGS_MAX } from "../storage/known-tags-table.ts";
import { logEvent } from "../storage/log-event.ts";
import type { SessionRecord } from "../storage/session-record.ts";
import type { SessionStore } from "../storage/session-store.ts";

/** How long an answer of the registry is used: a change of a tag reaches every charger within this time. */
const FRESH_MS = 60_000;
/** From this age on, the next use of a tag asks again in the background, so that no card in steady use waits. */
const REFRESH_MS = 30_000;
/** How long the registry is not asked after it failed to answer, so that no card waits for it again. */
const PAUSE_MS = 5000;

interface Asked {
  /** Null: the organisation has no such tag. */
  tag: KnownTag | null;
  atMs: number;
}

/**
 * What a session knows of the tags that are used at its charger: answers of the organisation's tag registry, fresh for a minute,
 * and the last known ones for when the registry cannot be asked.
 */
export class KnownTags {
  readonly #store: SessionStore;
  readonly #ask: AskRegistry;
  /** In the order of their use. */
  readonly #asked = new Map<string, Asked>();
  readonly #asking = new Map<string, Promise<void>>();
  /** Charger to which the answers apply. */
  #chargerId: string | null = null;
  #pausedUntilMs = 0;

  constructor(store: SessionStore, ask: AskRegistry) {
    this.#store = store;
    this.#ask = ask;
  }

  /** Call before a tag is judged, and await the promise, which never rejects; null: no wait is needed. */
  prepare(record: SessionRecord, idTag: string, nowMs: number): Promise<void> | null {
    this.#belongTo(record);
    const key = tagKey(idTag);
    const ageMs = nowMs - (this.#asked.get(key)?.atMs ?? Number.NEGATIVE_INFINITY);
    if (ageMs < REFRESH_MS || nowMs < this.#pausedUntilMs) return null;
    const asking = this.#look(record, key, nowMs);
    return ageMs < FRESH_MS ? null : asking;
  }

  /** A tag as it was known last; null: not known, so that the organisation's rule for unknown tags applies. */
  find(record: SessionRecord, idTag: string): KnownTag | null {
    this.#belongTo(record);
    const key = tagKey(idTag);
    const asked = this.#asked.get(key);
    return asked ? asked.tag : this.#store.knownTags.find(key);
  }

  #belongTo({ chargerId }: SessionRecord): void {
    if (this.#chargerId !== chargerId) this.#asked.clear();
    this.#chargerId = chargerId;
  }

  #look(record: SessionRecord, key: string, nowMs: number): Promise<void> {
    const before = this.#asking.get(key);
    if (before) return before;
    const asking = this.#fetch(record, key, nowMs).finally(() => this.#asking.delete(key));
    this.#asking.set(key, asking);
    return asking;
  }

  async #fetch({ chargerId, organizationId }: SessionRecord, key: string, nowMs: number): Promise<void> {
    try {
      const tag = await this.#ask(organizationId, key, chargerId);
      if (tag === "unknown" || this.#store.record?.chargerId !== chargerId) return;
      this.#remember(key, { tag, atMs: nowMs });
    } catch (error) {
      this.#pausedUntilMs = Date.now() + PAUSE_MS;
      const reason = error instanceof Error ? error.message : "unknown";
      const { record } = this.#store;
      if (record) logEvent(record, "session.tagRegistryUnreachable", { reason });
    }
  }

  #remember(key: string, asked: Asked): void {
    this.#asked.delete(key);
    this.#asked.set(key, asked);
    const [oldest] = this.#asked.keys();
    if (this.#asked.size > KNOWN_TAGS_MAX && oldest !== undefined) this.#asked.delete(oldest);
    this.#store.knownTags.keep(key, asked.tag);
  }
}
