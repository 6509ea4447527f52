import type { JsonObject } from "../ocpp/json.ts";

/** Names of events, as clients spell them. What each one carries is in `src/events/catalog.ts`. */
export const EVENT_TYPES = [
  "charger.connected",
  "charger.disconnected",
  "charger.boot",
  "charger.created",
  "charger.deleted",
  "charger.registration_changed",
  "charger.settings_updated",
  "connector.status_changed",
  "transaction.started",
  "transaction.updated",
  "transaction.stopped",
  "reservation.created",
  "reservation.used",
  "reservation.cancelled",
  "reservation.expired",
  "reservation.removed",
  "firmware.status_changed",
  "diagnostics.status_changed",
  "data_transfer.received",
  "security.event",
  "job.progress",
  "job.finished",
  "webhook.disabled",
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** How long events are kept after they were stored. */
export const EVENTS_KEPT_DAYS = 7;

/** An event that a statement has just stored. */
export interface StoredEvent {
  organizationId: string;
  /** `evt_` and 26 characters; a repeat of the same fact has the same id. */
  id: string;
  /** An `EventType`, or a name that a later version has added. */
  type: string;
  /** Null: the event is not about one charger. */
  chargerId: string | null;
  /** Webhooks that it has to be delivered to; their deliveries are stored. */
  webhookIds: string[];
  /** The organisation has live lines. */
  isLive: boolean;
}

/** An event as clients get it. */
export interface FeedEvent {
  id: string;
  type: string;
  /** When it happened. */
  at: Date;
  data: JsonObject;
}

/** Where to read on: behind an event, or at what was stored from a time on. */
export type EventCursor = { id: string } | { storedFrom: Date };

export interface EventQuery {
  /** Null: from the oldest event that is kept. */
  after: EventCursor | null;
  /** Null: of all types. */
  types: readonly string[] | null;
  /** Identity of the charger, deleted ones included; null: of all chargers, and of none. */
  chargeBoxId: string | null;
  limit: number;
}

/** Part of the feed of an organisation, oldest first. */
export interface EventPage {
  events: FeedEvent[];
  /** Id to read on behind; it need not be that of a returned event. Null: there was nothing to read. */
  next: string | null;
  /** More may be there to be read at once. */
  hasMore: boolean;
}

/**
 * Events of organisations, in the order of the transactions that stored them. A page never ends behind a transaction that is still
 * open, so nothing can appear later in front of a position that was handed out.
 */
export interface EventStore {
  /** Null: the event of the cursor is not kept, or never was. */
  page(organizationId: string, query: EventQuery): Promise<EventPage | null>;
  /** The first event of the feed; null: it is empty. */
  oldest(organizationId: string): Promise<{ id: string; at: Date } | null>;
  /** From now on statements tell that the organisation is live. Returns the newest event that can be read; null: there is none. */
  openLine(organizationId: string): Promise<string | null>;
  /** The organisation has no live line any more. */
  closeLines(organizationId: string): Promise<void>;
  /** Live organisations with events of the last two minutes. */
  liveDue(): Promise<{ id: string }[]>;
}
