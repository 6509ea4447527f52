import { describe, expect, it } from "vitest";
import type { TagVerdict } from "../../../src/ocpp/handler.ts";
import type { JsonObject } from "../../../src/ocpp/json.ts";
import { needsOf } from "../../../src/ocpp/routing.ts";
import type { ConnectorState, RemoteStartLookup, StationState } from "../../../src/ocpp/station-state.ts";
import { handleStrictly } from "./handle-strictly.ts";
import { context, NOW, noRemoteStarts, transaction, transactionsOf } from "./station.ts";

const TX = "6f6c2d0e-5b1f-4d42-9a53-51f1b7f1f4d5";
const energy = (value: number, readingContext: string, fields: JsonObject = {}) => ({
  timestamp: "2026-11-21T09:30:00Z",
  sampledValue: [{ value, context: readingContext, measurand: "Energy.Active.Import.Register", ...fields }],
});

function message(
  eventType: string,
  seqNo: number,
  fields: JsonObject = {},
  info: JsonObject = {},
): JsonObject {
  return {
    eventType,
    seqNo,
    timestamp: "2026-11-21T09:30:00Z",
    triggerReason: "CablePluggedIn",
    transactionInfo: { transactionId: TX, ...info },
    evse: { id: 1, connectorId: 1 },
    ...fields,
  };
}
const idToken = { idToken: "TAG", type: "ISO14443" };
/** Remote start 55 waits. */
const remoteStarts: RemoteStartLookup = {
  ...noRemoteStarts,
  byRemoteStartId: (id) => (id === 55 ? { transactionId: 55, rowId: "txn_55", idTag: "CAPACITOR" } : null),
};

function handle(
  payload: JsonObject,
  fields: Partial<StationState> = {},
  tags: Record<string, Partial<TagVerdict>> = { TAG: {} },
) {
  return handleStrictly(context("ocpp2.0.1", fields, tags), "TransactionEvent", payload);
}
const known = (fields: Partial<ReturnType<typeof transaction>> = {}) =>
  transaction({ ocppTransactionId: TX, lastSeqNo: 3, chargingState: "EVConnected", ...fields });
const occupied = (status: ConnectorState["status"]): ConnectorState => ({
  evseId: 1,
  connectorId: 1,
  status,
  reported: "Occupied",
  errorCode: "NoError",
  at: "2026-11-21T09:00:00.000Z",
});

describe("TransactionEvent", () => {
  it("opens a transaction under an assigned id with the reading at its begin", () => {
    const payload = message("Started", 0, {
      idToken,
      meterValue: [energy(1.5, "Transaction.Begin", { unitOfMeasure: { unit: "kWh" } })],
    });
    const { answer, changes, events } = handle(payload);
    expect(answer).toEqual({ idTokenInfo: { status: "Accepted" } });
    const about = {
      transactionId: 1001,
      ocppTransactionId: TX,
      evseId: 1,
      connectorId: 1,
      idTag: "TAG",
      meterStartWh: 1500,
    };
    expect(changes).toMatchObject([{ type: "transactionOpened", ...about, lastSeqNo: 0 }]);
    expect(events).toMatchObject([
      { type: "transactionStarted", ...about, idTagStatus: "Accepted" },
      { type: "meterValues" },
    ]);
  });

  it("is answered with an empty payload when it has no token", () => {
    expect(handle(message("Started", 0)).answer).toEqual({});
  });

  it("changes nothing when it is repeated, but checks the token again", () => {
    const transactions = {
      ...transactionsOf(known()),
      hasEvent: (id: string, seqNo: number) => id === TX && seqNo === 2,
    };
    const { answer, changes, events } = handle(message("Updated", 2, { idToken }), { transactions });
    expect(answer).toEqual({ idTokenInfo: { status: "Accepted" } });
    expect([...changes, ...events]).toEqual([]);
  });

  it("opens the transaction with whichever message comes first, and lets a late Started correct it", () => {
    const first = handle(message("Updated", 1, { meterValue: [energy(500, "Sample.Periodic")] }));
    expect(first.changes).toMatchObject([{ type: "transactionOpened" }]);
    expect(first.events).toMatchObject([{ type: "transactionStarted" }, { type: "meterValues" }]);
    const late = message("Started", 0, {
      timestamp: "2026-11-21T09:00:00Z",
      meterValue: [energy(100, "Transaction.Begin")],
    });
    const { changes, events } = handle(late, { transactions: transactionsOf(known()) });
    expect(changes).toMatchObject([
      { type: "transactionUpdated", transactionId: 7, seqNo: 0, chargingState: null },
    ]);
    expect(events[0]).toMatchObject({
      type: "transactionStarted",
      transactionId: 7,
      meterStartWh: 100,
      at: "2026-11-21T09:00:00.000Z",
    });
  });

  it("uses the charging state of the newest message only", () => {
    const transactions = transactionsOf(known());
    const newer = handle(message("Updated", 4, {}, { chargingState: "Charging" }), { transactions });
    expect(newer.changes).toMatchObject([
      { type: "transactionUpdated", seqNo: 4, chargingState: "Charging" },
    ]);
    const older = handle(message("Updated", 2, {}, { chargingState: "Charging" }), { transactions });
    expect(older.changes).toMatchObject([{ type: "transactionUpdated", seqNo: 2, chargingState: null }]);
  });

  it("closes the transaction with the reading at its end", () => {
    const meterValue = [
      energy(700, "Sample.Periodic"),
      energy(900, "Transaction.End"),
      energy(800, "Sample.Periodic"),
    ];
    const payload = message("Ended", 5, { meterValue }, { stoppedReason: "EVDisconnected" });
    const { changes, events } = handle(payload, { transactions: transactionsOf(known()) });
    expect(changes).toMatchObject([
      { type: "transactionUpdated" },
      { type: "transactionClosed", transactionId: 7, seqNo: 5 },
    ]);
    expect(events).toMatchObject([
      { type: "transactionStopped", meterStopWh: 900, stopReason: "EVDisconnected", lostStop: false },
    ]);
    const silent = handle(message("Ended", 5), { transactions: transactionsOf(known()) });
    expect(silent.events).toMatchObject([{ stopReason: "Local", meterStopWh: null }]);
  });

  it("never uses the energy of a single phase or another measurand as the meter reading", () => {
    const meterValue = [
      energy(900, "Transaction.End"),
      energy(300, "Transaction.End", { phase: "L1" }),
      energy(7, "Transaction.End", { measurand: "Power.Active.Import" }),
    ];
    const { events } = handle(message("Ended", 5, { meterValue }), { transactions: transactionsOf(known()) });
    expect(events).toMatchObject([{ meterStopWh: 900 }]);
  });

  it("applies the multiplier of the unit", () => {
    const meterValue = [energy(9, "Transaction.End", { unitOfMeasure: { unit: "Wh", multiplier: 2 } })];
    const { events } = handle(message("Ended", 5, { meterValue }), { transactions: transactionsOf(known()) });
    expect(events).toMatchObject([{ meterStopWh: 900 }]);
  });

  it("uses the id of our remote start when the station repeats it", () => {
    const payload = message(
      "Started",
      0,
      { idToken: { idToken: "CAPACITOR", type: "Central" } },
      { remoteStartId: 55 },
    );
    const { answer, changes } = handle(payload, { remoteStarts });
    expect(answer).toEqual({ idTokenInfo: { status: "Accepted" } });
    expect(changes).toMatchObject([
      { type: "transactionOpened", transactionId: 55, rowId: "txn_55", remoteStarted: true },
    ]);
  });

  it("names our remote start in a transaction that runs already, which keeps its id", () => {
    const transactions = transactionsOf(known());
    const payload = message("Updated", 4, { triggerReason: "RemoteStart" }, { remoteStartId: 55 });
    const { changes } = handle(payload, { remoteStarts, transactions });
    expect(changes).toMatchObject([{ type: "transactionUpdated", transactionId: 7, remoteStartId: 55 }]);
  });

  it("takes the tag of our remote start where the message has none", () => {
    const { changes } = handle(message("Started", 0, {}, { remoteStartId: 55 }), { remoteStarts });
    expect(changes).toMatchObject([{ transactionId: 55, idTag: "CAPACITOR", remoteStarted: true }]);
  });

  it("ignores a remote start id that the station invented", () => {
    const payload = message(
      "Started",
      0,
      { idToken: { idToken: "CAPACITOR", type: "Central" } },
      { remoteStartId: 56 },
    );
    const { answer, changes } = handle(payload, { remoteStarts });
    expect(answer).toEqual({ idTokenInfo: { status: "Unknown" } });
    expect(changes).toMatchObject([{ transactionId: 1001, remoteStarted: false }]);
  });

  it("accepts tokens without authorization, and looks up all others", () => {
    const payload = message("Started", 0, { idToken: { idToken: "", type: "NoAuthorization" } });
    expect(handle(payload, {}, {}).answer).toEqual({ idTokenInfo: { status: "Accepted" } });
    const frame = { kind: "call" as const, id: "m", action: "TransactionEvent" };
    expect(needsOf({ ...frame, payload }, "ocpp2.1").idTags).toEqual([]);
    expect(needsOf({ ...frame, payload: message("Started", 0, { idToken }) }, "ocpp2.1").idTags).toEqual([
      "TAG",
    ]);
  });

  it("ends an older transaction on the same EVSE whose stop was lost", () => {
    const transactions = transactionsOf(known({ ocppTransactionId: "older" }));
    const { changes } = handle(message("Started", 0), { transactions });
    expect(changes).toMatchObject([
      { type: "transactionClosed", transactionId: 7, lostStop: true },
      { type: "transactionOpened" },
    ]);
  });

  it("does not close other transactions when it names no EVSE yet", () => {
    const transactions = transactionsOf(known({ ocppTransactionId: "other", evseId: 0 }));
    const { evse: _, ...payload } = message("Started", 0);
    expect(handle(payload, { transactions }).changes).toMatchObject([
      { type: "transactionOpened", evseId: 0 },
    ]);
  });

  describe("beyond what a station can have open at once", () => {
    const opened = (count: number) =>
      Array.from({ length: count }, (_, index) =>
        known({ transactionId: index + 1, ocppTransactionId: `T-${index}`, evseId: 0 }),
      );
    const { evse: _, ...withoutEvse } = message("Started", 0);
    const closedBy = (count: number, fields: Partial<StationState> = {}) =>
      handle(withoutEvse, { transactions: transactionsOf(...opened(count)), ...fields }).changes.flatMap(
        (change) => (change.type === "transactionClosed" && change.lostStop ? [change.transactionId] : []),
      );

    it("ends the oldest as lost, at the time of the message", () => {
      expect(closedBy(15)).toEqual([]);
      expect(closedBy(16)).toEqual([1]);
      expect(closedBy(18)).toEqual([1, 2, 3]);
      const { events } = handle(withoutEvse, { transactions: transactionsOf(...opened(16)) });
      expect(events[0]).toMatchObject({ type: "transactionStopped", lostStop: true, at: NOW.toISOString() });
    });

    it("counts four for each EVSE it is known to have", () => {
      const connectors = [1, 2, 3, 4, 5].map((evseId) => ({ ...occupied("Charging"), evseId }));
      expect(closedBy(19, { connectors })).toEqual([]);
      expect(closedBy(20, { connectors })).toEqual([1]);
    });
  });

  it("refines the status of an occupied connector", () => {
    const transactions = transactionsOf(known());
    const charging = message("Updated", 4, {}, { chargingState: "Charging" });
    const { changes, events } = handle(charging, { transactions, connectors: [occupied("Preparing")] });
    expect(changes).toMatchObject([
      { type: "transactionUpdated" },
      { type: "connectorStatus", status: "Charging", reported: "Occupied" },
    ]);
    expect(events).toMatchObject([
      { type: "meterValues" },
      { type: "connectorStatusChanged", previousStatus: "Preparing" },
    ]);
    const over = handle(message("Ended", 5), { transactions, connectors: [occupied("Charging")] });
    expect(over.changes.at(-1)).toMatchObject({ type: "connectorStatus", status: "Finishing" });
  });

  it("that arrives late does not change the connector", () => {
    const transactions = transactionsOf(known({ chargingState: "SuspendedEV" }));
    const late = message("Updated", 2, {}, { chargingState: "Charging" });
    const { changes } = handle(late, { transactions, connectors: [occupied("SuspendedEV")] });
    expect(changes.map(({ type }) => type)).toEqual(["transactionUpdated"]);
  });

  it("ends the reservation it used", () => {
    expect(handle(message("Started", 0, { reservationId: 9 })).changes.at(-1)).toEqual({
      type: "reservationEnded",
      reservationId: 9,
    });
  });
});
