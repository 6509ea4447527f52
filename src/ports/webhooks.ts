import type { EventCursor, FeedEvent, StoredEvent } from "./events.ts";
import type { Claimed, IdempotencyClaim, RecordedResponse } from "./idempotency.ts";

/** Webhooks of one organisation. */
export const WEBHOOKS_MAX = 20;

/** Why deliveries switched a webhook off: the receiver answered 410; nothing arrived for days. */
export type DisabledReason = "gone" | "failing";

export interface Webhook {
  /** `wh_` and a ULID. */
  id: string;
  url: string;
  events: string[];
  /** Vendors whose `data_transfer.received` is wanted; null: all. */
  vendorIds: string[] | null;
  active: boolean;
  /** Null: deliveries did not switch it off. */
  disabledReason: DisabledReason | null;
  createdAt: Date;
}

export interface NewWebhook {
  id: string;
  url: string;
  events: readonly string[];
  vendorIds: readonly string[] | null;
  secret: string;
}

/** What is left out stays. A new secret signs beside the old one until `previousUntil`. */
export interface WebhookChanges {
  url?: string;
  events?: readonly string[];
  vendorIds?: readonly string[] | null;
  active?: boolean;
  secret?: { value: string; previousUntil: Date };
}

/** Where a webhook sends to, and what signs: the secret, then the one before it while that is valid. */
export interface WebhookTarget {
  url: string;
  secrets: string[];
}

export type DeliveryStatus = "pending" | "delivered" | "failed";

/** What became of one event at one webhook. */
export interface DeliveryRow {
  eventId: string;
  type: string;
  status: DeliveryStatus;
  attempts: number;
  responseStatus: number | null;
  lastAttemptAt: Date | null;
}

/** "running": one is not finished. "inactive": the webhook is switched off. "unknownEvent": the event of the cursor is not kept. */
export type ReplayStart = "started" | "running" | "inactive" | "unknownEvent";

/** Vendors whose DataTransfer messages active webhooks of an organisation want; "all": any vendor. */
export type WantedVendors = "all" | string[];

/** Webhooks in Postgres. Secrets are sealed there; callers pass and get plain text. Null: unknown in the organisation. */
export interface WebhookStore {
  /** @throws LimitReached, IdempotencyMismatch, IdempotencyInFlight */
  create(
    organizationId: string,
    webhook: NewWebhook,
    claim: IdempotencyClaim | null,
    record: RecordedResponse,
    now: Date,
  ): Promise<Claimed<void>>;
  /** Oldest first. */
  list(organizationId: string): Promise<Webhook[]>;
  /** Switching it on forgets its failures. */
  change(organizationId: string, id: string, changes: WebhookChanges, now: Date): Promise<Webhook | null>;
  remove(organizationId: string, id: string): Promise<boolean>;
  wantedVendors(organizationId: string): Promise<WantedVendors>;
  target(organizationId: string, id: string, now: Date): Promise<WebhookTarget | null>;
  /** The newest events first. */
  deliveries(organizationId: string, id: string, limit: number): Promise<DeliveryRow[] | null>;
  /** Stores that a webhook is to get again what is kept behind a cursor, up to what is stored now. */
  startReplay(organizationId: string, id: string, after: EventCursor, now: Date): Promise<ReplayStart | null>;
}

/** Names one delivery. */
export interface DeliveryKey {
  organizationId: string;
  webhookId: string;
  eventId: string;
}

/** A delivery to be published. `replays`: how often it was asked for again. */
export interface DueDelivery extends DeliveryKey {
  replays: number;
}

/** A delivery that is to be attempted. */
export interface OpenDelivery extends WebhookTarget {
  /** Attempts so far. */
  attempts: number;
  event: FeedEvent;
}

/** Result of an attempt. `attempts` counts it. */
export interface Attempt {
  attempts: number;
  status: DeliveryStatus;
  responseStatus: number | null;
  /** The receiver wants nothing more of this webhook. */
  isGone: boolean;
  at: Date;
}

export interface ReplayCause {
  organizationId: string;
  webhookId: string;
}

/** Deliveries in Postgres. */
export interface DeliveryStore {
  /** "over": nothing is left to do. A delivery whose webhook is switched off has failed. */
  open(delivery: DeliveryKey, now: Date): Promise<OpenDelivery | "over">;
  /**
   * Records an attempt, unless a later one is recorded, and counts failures of the webhook. It is switched off when its receiver
   * is gone, or after enough failures without a success; that is stored as an event, which is returned.
   */
  settle(delivery: DeliveryKey, attempt: Attempt): Promise<StoredEvent[]>;
  /** The engine has taken these. */
  published(deliveries: readonly DeliveryKey[], now: Date): Promise<void>;
  /** Deliveries that did not get on, to be published again; each is returned at most once in two minutes. */
  leftOver(now: Date, limit: number): Promise<DueDelivery[]>;
  /** Makes a part of a replay due and returns it. `isDone`: it was the last part. */
  replaySlice(cause: ReplayCause, now: Date): Promise<{ deliveries: DueDelivery[]; isDone: boolean }>;
  /** Replays that lost their message; each is returned at most once in two minutes. */
  stuckReplays(now: Date): Promise<ReplayCause[]>;
}

/** How a receiver answered. `status` null: not at all, or not in time. */
export interface ReceiverAnswer {
  status: number | null;
  /** Header Retry-After. */
  retryAfter: string | null;
}

/** Posts to a receiver: within 5 s, follows no redirect, reads only the beginning of the answer. Never throws. */
export type WebhookPost = (
  url: string,
  headers: Record<string, string>,
  body: string,
) => Promise<ReceiverAnswer>;
