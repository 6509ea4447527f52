/**
 * Interfaces of everything outside the core, by area. `store/`, `cache/`, `durable/` and `workflows/` implement them;
 * `wiring.ts` chooses the implementations. Unless a comment says otherwise: ids are UUIDs, a `Date` is UTC, a name
 * that ends in `Ms` is epoch milliseconds or a duration in milliseconds, and every method may throw Unavailable.
 */
import type { ApiKeyStore, OrganizationStore } from "./ports/access.ts";
import type { ChargerStore } from "./ports/chargers.ts";
import type { IdempotencyStore } from "./ports/idempotency.ts";
import type { EffectStore } from "./ports/effects.ts";
import type { EventStore } from "./ports/events.ts";
import type { LiveLines } from "./ports/live.ts";
import type { JobStore } from "./ports/jobs.ts";
import type { LocalListStore } from "./ports/local-lists.ts";
import type { LocationStore } from "./ports/locations.ts";
import type { Clock, Ids, MessagePublisher, RateCounter, ReplayMarks, RunPublisher } from "./ports/runs.ts";
import type { RecoveryStore } from "./ports/recovery.ts";
import type { TagJobStore } from "./ports/id-tag-jobs.ts";
import type { IdTagStore, TagRegistries, TagRegistryStore } from "./ports/id-tags.ts";
import type { Sessions } from "./ports/sessions.ts";
import type { SettingsStore } from "./ports/settings.ts";
import type { Simulators } from "./ports/simulators.ts";
import type { StationHistory, TagPolicies } from "./ports/transactions.ts";
import type { DeliveryStore, WebhookPost, WebhookStore } from "./ports/webhooks.ts";

export * from "./ports/access.ts";
export type * from "./ports/live.ts";
export type * from "./ports/idempotency.ts";
export type * from "./ports/paging.ts";
export type * from "./ports/local-lists.ts";
export type * from "./ports/locations.ts";
export type * from "./ports/charger.ts";
export * from "./ports/jobs.ts";
export type * from "./ports/chargers.ts";
export type * from "./ports/credential.ts";
export type * from "./ports/effects.ts";
export * from "./ports/events.ts";
export type * from "./ports/id-tags.ts";
export type * from "./ports/id-tag-jobs.ts";
export type * from "./ports/recovery.ts";
export type * from "./ports/sessions.ts";
export type * from "./ports/settings.ts";
export * from "./ports/simulators.ts";
export type * from "./ports/runs.ts";
export type * from "./ports/transactions.ts";
export * from "./ports/webhooks.ts";

/** All ports of one Worker isolate. */
export interface Ports {
  organizations: OrganizationStore;
  apiKeys: ApiKeyStore;
  locations: LocationStore;
  chargers: ChargerStore;
  jobs: JobStore;
  idempotency: IdempotencyStore;
  effects: EffectStore;
  events: EventStore;
  webhooks: WebhookStore;
  deliveries: DeliveryStore;
  webhookPost: WebhookPost;
  liveLines: LiveLines;
  tagPolicies: TagPolicies;
  idTags: IdTagStore;
  tagJobs: TagJobStore;
  tagRegistry: TagRegistryStore;
  tagRegistries: TagRegistries;
  localLists: LocalListStore;
  history: StationHistory;
  recovery: RecoveryStore;
  settings: SettingsStore;
  sessions: Sessions;
  simulators: Simulators;
  runs: RunPublisher;
  messages: MessagePublisher;
  rateCounter: RateCounter;
  replayMarks: ReplayMarks;
  ids: Ids;
  clock: Clock;
  /** Calls every dependency once. One that does not answer within 3 s is reported as "unreachable". */
  probe(): Promise<Record<string, "ok" | "unreachable">>;
}
