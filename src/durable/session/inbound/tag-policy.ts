import type { Env } from "../../../env.ts";
import type { TagRules } from "../../../ocpp/tag-judgement.ts";
import type { UnknownTagPolicy } from "../../../ports.ts";
import type { ServicesOf } from "../../services.ts";
import { logEvent } from "../storage/log-event.ts";
import type { SessionRecord } from "../storage/session-record.ts";
import type { SessionStore } from "../storage/session-store.ts";

const FRESH_MS = 60_000;
/** Interval between attempts while the setting cannot be read. */
const RETRY_AFTER_MS = 10_000;
/** Most organisations kept per isolate. */
const ORGANIZATIONS_MAX = 1000;

/** Reads the setting from Postgres; null: no such organisation. */
export type ReadPolicy = (organizationId: string) => Promise<UnknownTagPolicy | null>;

export function policyReader(env: Env, services: ServicesOf): ReadPolicy {
  return async (organizationId) => services(env).tagPolicies.read(organizationId);
}

interface LastRead {
  policy: UnknownTagPolicy | null;
  nextAtMs: number;
}

/** Last read by organisation, shared by the sessions of the isolate: a starting fleet reads once. */
const lastReads = new Map<string, LastRead>();

function remember(organizationId: string, read: LastRead): void {
  if (lastReads.size >= ORGANIZATIONS_MAX) lastReads.clear();
  lastReads.set(organizationId, read);
}

/** Stores a policy in the record. True: it changed. A policy that was read earlier than the stored one is ignored. */
function adoptPolicy(record: SessionRecord, policy: UnknownTagPolicy): boolean {
  const { acceptsUnknown, cacheSeconds = null, masterPassGroupId = null, readAtMs } = policy;
  if (readAtMs < record.tagPolicyReadAtMs) return false;
  const isChanged =
    record.acceptsUnknownTags !== acceptsUnknown ||
    record.tagCacheSeconds !== cacheSeconds ||
    record.masterPassGroupId !== masterPassGroupId;
  record.acceptsUnknownTags = acceptsUnknown;
  record.tagCacheSeconds = cacheSeconds;
  record.masterPassGroupId = masterPassGroupId;
  record.tagPolicyReadAtMs = readAtMs;
  return isChanged;
}

/** Rules by which a session judges a card. A rule that an older release left unknown refuses no card. */
export function tagRulesOf(record: SessionRecord): TagRules {
  return {
    acceptsUnknown: record.acceptsUnknownTags !== false,
    cacheSeconds: record.tagCacheSeconds,
    masterPassGroupId: record.masterPassGroupId,
  };
}

/** Stores a policy that was sent to the session. False: not provisioned. */
export function keepTagPolicy(
  store: Pick<SessionStore, "changed">,
  record: SessionRecord | null,
  policy: UnknownTagPolicy,
): boolean {
  if (record && adoptPolicy(record, policy)) store.changed();
  return record !== null;
}

/**
 * Rules of the organisation for id tags, including whether unknown ones may charge. They come with the provisioning and with
 * every change. Once a minute and isolate they are read from Postgres in the background, which finds changes made there. No card
 * waits for that.
 */
export class TagPolicy {
  readonly #store: SessionStore;
  readonly #read: ReadPolicy;

  constructor(store: SessionStore, read: ReadPolicy) {
    this.#store = store;
    this.#read = read;
  }

  /** Call before an id tag is checked. */
  freshen(record: SessionRecord, nowMs: number): void {
    const last = lastReads.get(record.organizationId);
    if (last?.policy) keepTagPolicy(this.#store, record, last.policy);
    if (nowMs >= (last?.nextAtMs ?? 0)) void this.#refresh(record, last?.policy ?? null, nowMs);
    if (record.acceptsUnknownTags === null) logEvent(record, "session.tagPolicyUnknown");
  }

  async #refresh(asking: SessionRecord, known: UnknownTagPolicy | null, nowMs: number): Promise<void> {
    const { chargerId, organizationId } = asking;
    // If this session ends before the answer, another one reads later.
    remember(organizationId, { policy: known, nextAtMs: nowMs + RETRY_AFTER_MS });
    try {
      const policy = await this.#read(organizationId);
      if (!policy) return;
      remember(organizationId, { policy, nextAtMs: nowMs + FRESH_MS });
      const { record } = this.#store;
      if (record?.chargerId === chargerId) keepTagPolicy(this.#store, record, policy);
    } catch (error) {
      const reason = error instanceof Error ? error.message : "unknown";
      logEvent(this.#store.record ?? asking, "session.tagPolicyUnreadable", { reason });
    }
  }
}
