import type { Env } from "../../env.ts";
import { logEvent } from "./log-event.ts";
import type { SessionRecord } from "./session-record.ts";
import type { SessionStore } from "./session-store.ts";

const FRESH_MS = 60_000;
/** A station waits this long at most, and only while the setting was never read. */
const WAIT_MAX_MS = 1000;
/** Between two tries while the setting cannot be read. */
const RETRY_AFTER_MS = 10_000;

/** Whether an organisation accepts id tags it does not know; null: no such organisation. */
export type ReadPolicy = (organizationId: string) => Promise<boolean | null>;

export function policyReader(env: Env): ReadPolicy {
  return async (organizationId) => {
    const { wire } = await import("../../wiring.ts");
    return wire(env).tagPolicies.acceptsUnknownTags(organizationId);
  };
}

/** The setting in the session's record, read again in the background when it is older than a minute. */
export class TagPolicy {
  readonly #store: SessionStore;
  readonly #read: ReadPolicy;
  #freshUntilMs = 0;
  #reading: Promise<void> | null = null;

  constructor(store: SessionStore, read: ReadPolicy) {
    this.#store = store;
    this.#read = read;
  }

  /** What has to be waited for: null when the last value will do. */
  read(record: SessionRecord): Promise<void> | null {
    if (Date.now() >= this.#freshUntilMs)
      this.#reading ??= this.#refresh(record).finally(() => {
        this.#reading = null;
      });
    return record.acceptsUnknownTags === null && this.#reading ? withinASecond(this.#reading) : null;
  }

  async #refresh({ chargerId, organizationId }: SessionRecord): Promise<void> {
    this.#freshUntilMs = Date.now() + RETRY_AFTER_MS;
    try {
      const accepts = await this.#read(organizationId);
      const record = this.#store.record;
      if (accepts === null || record?.chargerId !== chargerId) return;
      this.#freshUntilMs = Date.now() + FRESH_MS;
      if (record.acceptsUnknownTags === accepts) return;
      record.acceptsUnknownTags = accepts;
      this.#store.save(record);
    } catch (error) {
      const record = this.#store.record;
      const reason = error instanceof Error ? error.message : "unknown";
      if (record) logEvent(record, "session.tagPolicyUnreadable", { reason });
    }
  }
}

async function withinASecond(work: Promise<void>): Promise<void> {
  const deadline = Promise.withResolvers<void>();
  const timer = setTimeout(() => deadline.resolve(), WAIT_MAX_MS);
  await Promise.race([work, deadline.promise]);
  clearTimeout(timer);
}
