import { z } from "zod";
import type { EventType } from "../ports.ts";

/** What an event tells, for validation, the API's description and the documents. */
export interface EventDescription {
  /** When it is sent. */
  when: string;
  /** What `data` holds. */
  data: z.ZodObject;
  example: Readonly<Record<string, unknown>>;
}

const EXAMPLE_ID = "CHARGER-001";
const charger = { chargeBoxId: z.string() };
const connectorId = z.int().describe("On OCPP 2.x the number of the EVSE; 0: the charger as a whole");
const wattHours = z.int().nullable().describe("Wh");
const energyDelivered = z.number().nullable().describe("kWh since the start, over resets of the meter");
const transactionId = z.int();
const idTag = z.string().nullable();

const reservation = z.strictObject({
  ...charger,
  id: z.string(),
  reservationId: z.int().describe("The number that the charger knows it by"),
  connectorId,
  idTag: z.string(),
  expiresAt: z.iso.datetime(),
  transactionId: z.int().nullable().describe("That used it"),
});

const reserved = (when: string, used: number | null = null): EventDescription => ({
  when,
  data: reservation,
  example: {
    chargeBoxId: EXAMPLE_ID,
    id: "rsv_01JKB2M3N4P5Q6R7S8T9V0W1X2",
    reservationId: 7,
    connectorId: 1,
    idTag: "USER123",
    expiresAt: "2026-02-06T15:00:00.000Z",
    transactionId: used,
  },
});

const status = z.string();
const chargerId = z.uuid();
const registrationStatus = z.enum(["Accepted", "Pending", "Rejected"]);

const job = z.strictObject({
  jobId: z.uuid(),
  type: z.enum(["location_chargers_create", "charger_create", "id_tag_import", "id_tag_erase"]),
  locationId: z.uuid().nullable(),
  status: z
    .enum(["PENDING", "PROVISIONING", "READY", "FAILED", "DONE"])
    .describe("DONE: of a job of id tags"),
  total: z.int(),
  created: z.int().describe("Items that succeeded"),
  failed: z.int(),
  pending: z.int(),
});

const jobExample = (progress: Record<string, unknown>) => ({
  jobId: "0192f0a2-6d5c-7b3e-9c1f-2f6d1c4b8a01",
  type: "location_chargers_create",
  locationId: "0192f0a2-6d5c-7b3e-9c1f-2f6d1c4b8a02",
  ...progress,
});
const requestId = z.int().nullable().describe("Of the request that it belongs to; null on OCPP 1.6");

/** Every event. Fields of `data` stand in the order in which they are sent; receivers must tolerate more of them. */
export const EVENT_CATALOG: Readonly<Record<EventType, EventDescription>> = {
  "charger.connected": {
    when: "A charger has opened its connection. One that replaces an open connection is told too; the replaced one has no event of its end.",
    data: z.strictObject({ ...charger, ocppVersion: z.enum(["ocpp1.6", "ocpp2.0.1", "ocpp2.1"]) }),
    example: { chargeBoxId: EXAMPLE_ID, ocppVersion: "ocpp1.6" },
  },
  "charger.disconnected": {
    when: "The connection of a charger has ended. Code and reason are those of the WebSocket; 1006: the connection was lost.",
    data: z.strictObject({ ...charger, code: z.int().nullable(), reason: z.string().nullable() }),
    example: { chargeBoxId: EXAMPLE_ID, code: 1000, reason: "bye" },
  },
  "charger.boot": {
    when: "A charger has sent BootNotification. `registrationStatus` is what it was answered.",
    data: z.strictObject({
      ...charger,
      vendor: z.string(),
      model: z.string(),
      serialNumber: z.string().nullable(),
      firmwareVersion: z.string().nullable(),
      registrationStatus: z.enum(["Accepted", "Pending", "Rejected"]).nullable(),
    }),
    example: {
      chargeBoxId: EXAMPLE_ID,
      vendor: "VendorX",
      model: "ModelY",
      serialNumber: "SN-1",
      firmwareVersion: "1.0.0",
      registrationStatus: "Accepted",
    },
  },
  "charger.created": {
    when: "A charger was created or registered. One that a batch creates is not provisioned yet.",
    data: z.strictObject({
      ...charger,
      chargerId,
      runtime: z.enum(["simulated", "external"]),
      locationId: z.uuid().nullable(),
      jobId: z.uuid().nullable().describe("That creates it; null: it was registered"),
    }),
    example: {
      chargeBoxId: EXAMPLE_ID,
      chargerId: "0192f0a2-6d5c-7b3e-9c1f-2f6d1c4b8a03",
      runtime: "external",
      locationId: null,
      jobId: null,
    },
  },
  "charger.deleted": {
    when: "A charger was deleted, or a failed one made room for another of its identity.",
    data: z.strictObject({ ...charger, chargerId }),
    example: { chargeBoxId: EXAMPLE_ID, chargerId: "0192f0a2-6d5c-7b3e-9c1f-2f6d1c4b8a03" },
  },
  "charger.registration_changed": {
    when: "The status that the next BootNotification is answered with was changed.",
    data: z.strictObject({ ...charger, registrationStatus, previousStatus: registrationStatus }),
    example: { chargeBoxId: EXAMPLE_ID, registrationStatus: "Accepted", previousStatus: "Pending" },
  },
  "charger.settings_updated": {
    when: "The outcome of a setting of a charger has changed; `outcomes` has all that were ever set.",
    data: z.strictObject({
      ...charger,
      chargerId,
      revision: z.int(),
      outcomes: z.record(
        z.string(),
        z.enum(["pending", "applied", "reboot_required", "rejected", "unsupported", "emulated"]),
      ),
    }),
    example: {
      chargeBoxId: EXAMPLE_ID,
      chargerId: "0192f0a2-6d5c-7b3e-9c1f-2f6d1c4b8a03",
      revision: 3,
      outcomes: { maxChargeCurrent: "applied", offlineChargeCurrent: "pending" },
    },
  },
  "connector.status_changed": {
    when: "A connector has reported a status or an error code that differs from its last one. Status in the words of OCPP 1.6 on every version.",
    data: z.strictObject({
      ...charger,
      connectorId,
      status,
      previousStatus: status.nullable().describe("null: none was known"),
      errorCode: z.string(),
    }),
    example: {
      chargeBoxId: EXAMPLE_ID,
      connectorId: 1,
      status: "Charging",
      previousStatus: "Preparing",
      errorCode: "NoError",
    },
  },
  "transaction.started": {
    when: "A transaction has begun at the charger. Its time is the start as the charger tells it, which may be long ago if it was offline.",
    data: z.strictObject({ transactionId, ...charger, connectorId, idTag, meterStart: wattHours }),
    example: {
      transactionId: 12345,
      chargeBoxId: EXAMPLE_ID,
      connectorId: 1,
      idTag: "USER123",
      meterStart: 1000,
    },
  },
  "transaction.updated": {
    when: "The charger has sent meter values of a running transaction: the first of each minute, or of what `transactionUpdateSeconds` of the organization says. What was not measured is null.",
    data: z.strictObject({
      transactionId,
      ...charger,
      connectorId,
      meterValue: wattHours,
      energyDelivered,
      power: z.number().nullable().describe("W"),
      current: z.number().nullable().describe("A; of several phases the highest"),
      soc: z.number().nullable().describe("Percent"),
    }),
    example: {
      transactionId: 12345,
      chargeBoxId: EXAMPLE_ID,
      connectorId: 1,
      meterValue: 8500,
      energyDelivered: 7.5,
      power: 11_000,
      current: 16,
      soc: 64,
    },
  },
  "transaction.stopped": {
    when: "A transaction has ended. Corrections that come later change the transaction and have no event.",
    data: z.strictObject({
      transactionId,
      ...charger,
      connectorId,
      idTag,
      meterStart: wattHours,
      meterStop: wattHours,
      energyDelivered,
      durationMinutes: z.int(),
      stopReason: z.string().nullable(),
    }),
    example: {
      transactionId: 12345,
      chargeBoxId: EXAMPLE_ID,
      connectorId: 1,
      idTag: "USER123",
      meterStart: 1000,
      meterStop: 15_000,
      energyDelivered: 14,
      durationMinutes: 45,
      stopReason: "Local",
    },
  },
  "reservation.created": reserved("A charger holds a connector for an id tag."),
  "reservation.used": reserved("A transaction has begun on a reservation.", 12345),
  "reservation.cancelled": reserved("A reservation was cancelled, or another one took its number."),
  "reservation.expired": reserved("The time of a reservation is over."),
  "reservation.removed": reserved("The charger gave a reservation up, or does not hold it."),
  "firmware.status_changed": {
    when: "A charger has reported a status of a firmware update that differs from its last one.",
    data: z.strictObject({
      ...charger,
      status,
      requestId,
      published: z.boolean().describe("Of firmware that it publishes to others"),
    }),
    example: { chargeBoxId: EXAMPLE_ID, status: "Installed", requestId: null, published: false },
  },
  "diagnostics.status_changed": {
    when: "A charger has reported a status of an upload of diagnostics or logs that differs from its last one.",
    data: z.strictObject({ ...charger, status, requestId }),
    example: { chargeBoxId: EXAMPLE_ID, status: "Uploaded", requestId: null },
  },
  "data_transfer.received": {
    when: "A charger has sent DataTransfer. Secrets in `data` are masked.",
    data: z.strictObject({
      ...charger,
      vendorId: z.string(),
      messageId: z.string().nullable(),
      data: z.string().nullable().describe("As text; JSON if the charger sent something else"),
    }),
    example: { chargeBoxId: EXAMPLE_ID, vendorId: "com.example", messageId: "Report", data: '{"level":3}' },
  },
  "security.event": {
    when: "A charger has reported a security event (`station`), or its connection gave cause for one (`central`).",
    data: z.strictObject({
      ...charger,
      source: z.enum(["station", "central"]),
      type: z.string(),
      techInfo: z.string().nullable().describe("Text of the charger, not to be trusted"),
    }),
    example: {
      chargeBoxId: EXAMPLE_ID,
      source: "station",
      type: "TamperDetectionActivated",
      techInfo: null,
    },
  },
  "job.progress": {
    when: "Chargers of a batch became READY: once a second at most, by the first of them.",
    data: job,
    example: jobExample({ status: "PROVISIONING", total: 100, created: 40, failed: 1, pending: 59 }),
  },
  "job.finished": {
    when: "All items of a job are settled, or it was cancelled or given up. A job that is retried finishes again.",
    data: job,
    example: jobExample({ status: "READY", total: 100, created: 99, failed: 1, pending: 0 }),
  },
  "webhook.disabled": {
    when: "A webhook was switched off: its receiver answered 410 (`gone`), or no delivery has succeeded for three days, in at least 20 attempts (`failing`).",
    data: z.strictObject({ webhookId: z.string(), url: z.string(), reason: z.enum(["gone", "failing"]) }),
    example: {
      webhookId: "wh_01JKB2M3N4P5Q6R7S8T9V0W1X2",
      url: "https://hooks.example.com/busbar",
      reason: "gone",
    },
  },
};
