import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { EVENT_CATALOG } from "../../src/events/catalog.ts";
import { EVENT_TYPES, type EventType } from "../../src/ports.ts";
import { call, postBatch } from "../harness/fleet.ts";
import { ForeignStation, type ReceivedCall, type Reaction } from "../harness/ocpp-station/foreign-station.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const event = z.object({
  id: z.string(),
  event: z.string(),
  timestamp: z.iso.datetime(),
  data: z.record(z.string(), z.unknown()),
});
const page = z.object({ events: z.array(event), next: z.string().nullable(), hasMore: z.boolean() });
type Event = z.infer<typeof event>;

/** Reads the feed of the organisation on and on. */
class Follower {
  readonly seen: Event[] = [];
  #next: string | null = null;

  async #readOn(): Promise<void> {
    for (;;) {
      const after = this.#next === null ? "" : `after=${this.#next}&`;
      const { status, body } = await call(stack, "GET", `/api/v1/events?${after}limit=50`);
      expect(status).toBe(200);
      const { events, next, hasMore } = page.parse(body);
      this.seen.push(...events);
      this.#next = next;
      if (!hasMore) return;
    }
  }

  /** The first event of a type that is about this, once it is there. */
  until(type: EventType, about: Record<string, unknown>): Promise<Event> {
    return waitFor(`${type} ${JSON.stringify(about)}`, async () => {
      await this.#readOn();
      return this.seen.find(
        (each) =>
          each.event === type && Object.entries(about).every(([name, value]) => each.data[name] === value),
      );
    });
  }
}

const ACCEPTED: Reaction = { answer: { status: "Accepted" } };

function react({ action }: ReceivedCall): Reaction {
  if (action === "GetConfiguration") return { answer: { configurationKey: [], unknownKey: [] } };
  return ACCEPTED;
}

test("each event is seen once, of a station that speaks OCPP by itself or of a simulated one", async () => {
  const feed = new Follower();
  const chargeBoxId = "EVENTS-1";
  const station = await ForeignStation.booted(stack, chargeBoxId, "ocpp1.6");
  station.react = react;
  await feed.until("charger.created", { chargeBoxId });
  await feed.until("charger.connected", { chargeBoxId, ocppVersion: "ocpp1.6" });
  await feed.until("charger.boot", { chargeBoxId, vendor: "Acme", registrationStatus: "Accepted" });

  const status = (word: string) =>
    station.call("StatusNotification", { connectorId: 1, errorCode: "NoError", status: word });
  await status("Available");
  await status("Preparing");
  await feed.until("connector.status_changed", { status: "Preparing", previousStatus: "Available" });

  const reserve = async (idTag: string, seconds = 3600) => {
    const expiresAt = new Date(Date.now() + seconds * 1000).toISOString();
    const path = `/api/v1/chargers/${chargeBoxId}/reservations`;
    const { status: code, body } = await call(stack, "POST", path, { connectorId: 1, idTag, expiresAt });
    expect(code).toBe(201);
    return z.object({ id: z.string(), reservationId: z.int() }).parse(body);
  };
  const { reservationId } = await reserve("USER123");
  await feed.until("reservation.created", { chargeBoxId, reservationId });

  const now = () => new Date().toISOString();
  const started = await station.call("StartTransaction", {
    connectorId: 1,
    idTag: "USER123",
    meterStart: 1000,
    reservationId,
    timestamp: now(),
  });
  const { transactionId } = z.looseObject({ transactionId: z.int() }).parse(started);
  await feed.until("transaction.started", { transactionId, idTag: "USER123", meterStart: 1000 });
  await feed.until("reservation.used", { reservationId, transactionId });
  const sampledValue = [
    { value: "2.5", unit: "kWh", measurand: "Energy.Active.Import.Register" },
    { value: "11", unit: "kW", measurand: "Power.Active.Import" },
  ];
  const meterValue = [{ timestamp: now(), sampledValue }];
  await station.call("MeterValues", { connectorId: 1, transactionId, meterValue });
  await feed.until("transaction.updated", { transactionId, energyDelivered: 1.5, power: 11_000 });
  const stop = { transactionId, idTag: "USER123", meterStop: 4000, timestamp: now(), reason: "Local" };
  for (let i = 0; i < 2; i += 1) await station.call("StopTransaction", stop);
  await feed.until("transaction.stopped", { transactionId, energyDelivered: 3, stopReason: "Local" });

  const cancelled = await reserve("SECOND");
  const cancel = (id: string) => call(stack, "DELETE", `/api/v1/chargers/${chargeBoxId}/reservations/${id}`);
  await cancel(cancelled.id);
  await feed.until("reservation.cancelled", { id: cancelled.id });
  const removed = await reserve("THIRD");
  station.react = () => ({ answer: { status: "Rejected" } });
  await cancel(removed.id);
  await feed.until("reservation.removed", { id: removed.id });
  station.react = react;
  const expired = await reserve("FOURTH", 2);
  await feed.until("reservation.expired", { id: expired.id });

  await station.call("FirmwareStatusNotification", { status: "Downloading" });
  await feed.until("firmware.status_changed", { chargeBoxId, status: "Downloading" });
  await station.call("DiagnosticsStatusNotification", { status: "Uploading" });
  await feed.until("diagnostics.status_changed", { chargeBoxId, status: "Uploading" });
  await station.call("DataTransfer", { vendorId: "com.example", messageId: "Report", data: "x" });
  await feed.until("data_transfer.received", { vendorId: "com.example", messageId: "Report", data: "x" });
  // A transaction that is not of this station.
  await station.call("MeterValues", { connectorId: 1, transactionId: 999_999_999, meterValue });
  await feed.until("security.event", { chargeBoxId, type: "UnknownTransaction" });

  const settings = await call(stack, "POST", `/api/chargers/${station.id}/update`, {
    meterValueInterval: 900,
  });
  expect(settings.status).toBe(200);
  await feed.until("charger.settings_updated", { chargeBoxId, chargerId: station.id, revision: 1 });
  const changed = await call(stack, "PUT", `/api/v1/chargers/${chargeBoxId}/registration`, {
    status: "Pending",
  });
  expect(changed.status).toBe(200);
  await feed.until("charger.registration_changed", { chargeBoxId, registrationStatus: "Pending" });
  await station.close();
  await feed.until("charger.disconnected", { chargeBoxId, code: 1000 });
  expect((await call(stack, "DELETE", `/api/v1/chargers/${chargeBoxId}`)).status).toBe(200);
  await feed.until("charger.deleted", { chargeBoxId, chargerId: station.id });

  const batch = await postBatch(stack, { chargers: 3, runtime: "simulated", prefix: "EVENTS-SIM-" });
  await batch.finished();
  const { jobId } = batch;
  await feed.until("job.progress", { jobId, total: 3 });
  await feed.until("job.finished", { jobId, created: 3, pending: 0 });
  for (const type of [
    "charger.created",
    "charger.connected",
    "charger.boot",
    "connector.status_changed",
  ] as const)
    await waitFor(`three ${type} of simulated chargers`, async () => {
      await feed.until(type, {});
      const chargers = feed.seen.filter(
        (each) => each.event === type && String(each.data["chargeBoxId"]).startsWith("EVENTS-SIM-"),
      );
      return new Set(chargers.map(({ data }) => data["chargeBoxId"])).size === 3;
    });

  const { seen } = feed;
  // Those of webhooks are seen where webhooks are.
  const expected = EVENT_TYPES.filter((type) => !type.startsWith("webhook."));
  expect(new Set(seen.map(({ event: type }) => type))).toEqual(new Set(expected));
  expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
  for (const { event: type, data } of seen)
    expect(EVENT_CATALOG[type as EventType].data.parse(data)).toEqual(data);
  for (const type of ["charger.connected", "charger.boot", "transaction.started", "transaction.stopped"])
    expect(
      seen.filter((each) => each.event === type && each.data["chargeBoxId"] === chargeBoxId),
    ).toHaveLength(1);
  expect(station.violations).toEqual([]);
});

test("the feed of one type and charger is what the whole feed has of it", async () => {
  const all = page.parse((await call(stack, "GET", "/api/v1/events?limit=500")).body);
  const wanted = all.events.filter(
    (each) => each.event === "connector.status_changed" && each.data["chargeBoxId"] === "EVENTS-1",
  );
  const query = "type=connector.status_changed&chargeBoxId=EVENTS-1";
  const filtered = page.parse((await call(stack, "GET", `/api/v1/events?${query}`)).body);
  expect(filtered.events).toEqual(wanted);
  expect(filtered.events.length).toBeGreaterThan(1);
});
