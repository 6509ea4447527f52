import { expect } from "vitest";
import { EVENT_CATALOG } from "../../../src/events/catalog.ts";
import { eventBody, type EventBody } from "../../../src/events/event-body.ts";
import type {
  EventType,
  MeterValuesFact,
  SessionFact,
  StoredEvent,
  TransactionFact,
} from "../../../src/ports.ts";
import type { Database } from "../../harness/database.ts";

const RECORD = { status: 201, body: "{}", headers: {} };
const ALL = { after: null, types: null, chargeBoxId: null, limit: 500 };

/** A registered charger, whose facts are applied, and the events of its organisation since then. */
export async function registered(db: Database, identity = "CP-1", tenant = db.tenant()) {
  const { organization } = await tenant;
  const id = crypto.randomUUID();
  const charger = { id, identity, name: null, location: null, securityProfile: 2 as const, now: new Date() };
  await db.stores.chargers.register(organization, charger, null, RECORD);
  await db.sql("DELETE FROM events WHERE charger_id = $1::uuid", [id]);
  const told: StoredEvent[] = [];
  const apply = (generation: number, atMs: number, ...facts: SessionFact[]) =>
    db.stores.chargers.applySessionFacts(
      facts.map((fact) => ({ chargerId: id, generation, atMs, fact })),
      (events) => told.push(...events),
    );
  return { organization, id, apply, told, events: () => bodies(db, organization.id) };
}

/** All events of an organisation as they are sent; each must hold to its schema, with its fields in that order. */
export async function bodies(db: Database, organizationId: string): Promise<EventBody[]> {
  const page = await db.stores.events.page(organizationId, ALL);
  return (page?.events ?? []).map((event) => {
    const { data } = EVENT_CATALOG[event.type as EventType];
    expect(data.parse(event.data)).toEqual(event.data);
    expect(Object.keys(event.data)).toEqual(Object.keys(data.shape));
    return eventBody(event);
  });
}

/** The beginning of an hour, in ms. */
export const HOUR_MS = Math.floor(Date.now() / 3_600_000) * 3_600_000;
/** So many seconds after it. */
export const at = (seconds: number): string => new Date(HOUR_MS + seconds * 1000).toISOString();

export const transaction = (id: string, changed: Partial<TransactionFact> = {}): SessionFact => ({
  type: "transaction",
  id,
  transactionId: 12345,
  ocppTransactionId: null,
  evseId: 2,
  connectorId: 1,
  idTag: "USER123",
  status: "in_progress",
  meterStartWh: 1000,
  meterStopWh: null,
  meterOffsetWh: 0,
  lastMeterWh: null,
  startedAt: at(0),
  stoppedAt: null,
  stopReason: null,
  remoteStarted: false,
  lostStop: false,
  revision: 1,
  ...changed,
});
export const ENDED = {
  status: "completed",
  meterStopWh: 15_000,
  stoppedAt: at(45 * 60 + 59),
  stopReason: "Local",
} as const;

export const reading = (seconds: number, changed: Partial<MeterValuesFact> = {}): SessionFact => ({
  type: "meterValues",
  transactionId: 12345,
  claimedId: null,
  evseId: 2,
  reason: "MeterValues",
  energyWh: 1000 + seconds * 3,
  values: [{ timestamp: at(seconds), sampledValue: [{ value: String(1000 + seconds * 3) }] }],
  at: at(seconds),
  ...changed,
});
