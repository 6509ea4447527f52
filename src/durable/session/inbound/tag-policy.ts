import type { Env } from "../../../env.ts";
import type { TagRules } from "../../../ocpp/tag-judgement.ts";
import type { UnknownTagPolicy } from "../../../ports.ts";
import type { ServicesOf } from "../../services.ts";
import { logEvent } from "../storage/log-event.ts";
import type { SessionRecord } from "../storage/session-record.ts";
import type { SessionStore } from "../storage/session-store.ts";

const FRESH_MS = 60_000;
/** Between two tries while the setting cannot be read. */
const RETRY_AFTER_MS = 10_000;
/** An isolate serves few organisations. */
const ORGANIZATIONS_MAX = 1000;

/** Null: no such organisation. */
export type ReadPolicy = (organizationId: string) => Promise<UnknownTagPolicy | null>;

export function policyReader(env: Env, services: ServicesOf): ReadPolicy {
  return async (organizationId) => services(env).tagPolicies.read(organizationId);
}

interface LastRead {
  policy: UnknownTagPolicy | null;
  nextAtMs: number;
}

/** By organisation. One look serves all sessions of the isolate: a fleet that starts together asks once. */
const lastReads = new Map<string, LastRead>();

function remember(organizationId: string, read: LastRead): void {
  if (lastReads.size >= ORGANIZATIONS_MAX) lastReads.clear();
  lastReads.set(organizationId, read);
}

/** True when the record says something else than before. A policy that was read earlier than the known one changes nothing. */
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

/** The rules by which a session judges. Where an older release left them unknown, no card is refused for it. */
export function tagRulesOf(record: SessionRecord): TagRules {
  return {
    acceptsUnknown: record.acceptsUnknownTags !== false,
    cacheSeconds: record.tagCacheSeconds,
    masterPassGroupId: record.masterPassGroupId,
  };
}

/** Keeps a policy that the session was told. False when there is no such session. */
export function keepTagPolicy(
  store: Pick<SessionStore, "changed">,
  record: SessionRecord | null,
  policy: UnknownTagPolicy,
): boolean {
  if (record && adoptPolicy(record, policy)) store.changed();
  return record !== null;
}

/**
 * What the organisation decides for its id tags, whether those that nobody knows may charge among it. It comes with the
 * provisioning of a session and is told on every change; a look into the database once a minute and isolate, in the background,
 * finds what was changed there. No card waits for it.
 */
export class TagPolicy {
  readonly #store: SessionStore;
  readonly #read: ReadPolicy;

  constructor(store: SessionStore, read: ReadPolicy) {
    this.#store = store;
    this.#read = read;
  }

  /** To be called before an id tag is judged. */
  freshen(record: SessionRecord, nowMs: number): void {
    const last = lastReads.get(record.organizationId);
    if (last?.policy) keepTagPolicy(this.#store, record, last.policy);
    if (nowMs >= (last?.nextAtMs ?? 0)) void this.#refresh(record, last?.policy ?? null, nowMs);
    if (record.acceptsUnknownTags === null) logEvent(record, "session.tagPolicyUnknown");
  }

  async #refresh(asking: SessionRecord, known: UnknownTagPolicy | null, nowMs: number): Promise<void> {
    const { chargerId, organizationId } = asking;
    // Should this session end before the answer comes, another one asks then.
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
