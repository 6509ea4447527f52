import { describe, expect, it } from "vitest";
import type { TagVerdict } from "../../../src/ocpp/handler.ts";
import type { JsonObject } from "../../../src/ocpp/json.ts";
import { needsOf } from "../../../src/ocpp/routing.ts";
import type { StationState } from "../../../src/ocpp/station-state.ts";
import type { OcppVersion } from "../../../src/ocpp/version.ts";
import { handleStrictly } from "./handle-strictly.ts";
import { context, NOW, noRemoteStarts, transaction, transactionsOf } from "./station.ts";

type Tags = Record<string, Partial<TagVerdict>>;
const handle = (
  action: string,
  payload: JsonObject,
  fields: Partial<StationState> = {},
  tags: Tags = { TAG: {} },
) => handleStrictly(context("ocpp1.6", fields, tags), action, payload);

const connectors = [1, 2].map((evseId) => ({
  evseId,
  connectorId: 1,
  status: "Available" as const,
  reported: "Available",
  errorCode: "NoError",
  at: "2026-11-21T08:00:00.000Z",
}));
const begin = { connectorId: 1, idTag: "TAG", meterStart: 100, timestamp: "2026-11-21T09:30:00Z" };
const end = { transactionId: 7, meterStop: 900, timestamp: "2026-11-21T09:45:00Z" };

describe("Authorize on 1.6", () => {
  it.each<[Partial<TagVerdict>, JsonObject]>([
    [{}, { status: "Accepted" }],
    [{ status: "Unknown" }, { status: "Invalid" }],
    [{ status: "NotAtThisLocation" }, { status: "Invalid" }],
    [{ status: "Blocked" }, { status: "Blocked" }],
    [
      { status: "Expired", expiryDate: "2026-01-01T00:00:00.000Z" },
      { status: "Expired", expiryDate: "2026-01-01T00:00:00.000Z" },
    ],
    [
      { status: "ConcurrentTx", parentIdTag: "P" },
      { status: "ConcurrentTx", parentIdTag: "P" },
    ],
  ])("tells a tag that is %j as %j", (verdict, idTagInfo) => {
    expect(handle("Authorize", { idTag: "TAG" }, {}, { TAG: verdict }).answer).toEqual({ idTagInfo });
  });

  it("refuses the tag of remote starts from a card, even if it is registered", () => {
    const tags: Tags = { CAPACITOR: {}, capacitor: {} };
    expect(handle("Authorize", { idTag: "capacitor" }, { connectors }, tags).answer).toEqual({
      idTagInfo: { status: "Invalid" },
    });
  });

  it("accepts that tag while a remote start is waiting", () => {
    const remoteStarts = { ...noRemoteStarts, isAwaited: () => true };
    expect(handle("Authorize", { idTag: "CAPACITOR" }, { connectors, remoteStarts }).answer).toEqual({
      idTagInfo: { status: "Accepted" },
    });
  });

  it("asks for the tag to be looked up, as start and stop do", () => {
    for (const action of ["Authorize", "StartTransaction", "StopTransaction"]) {
      const frame = { kind: "call" as const, id: "m", action, payload: { idTag: "TAG" } };
      expect(needsOf(frame, "ocpp1.6")).toEqual({ idTags: ["TAG"], vendorIds: [] });
      expect(needsOf({ ...frame, payload: { idTag: 5 } }, "ocpp1.6").idTags).toEqual([]);
    }
  });
});

describe("StartTransaction", () => {
  it("opens a transaction under the next id", () => {
    const { answer, changes, events } = handle("StartTransaction", begin);
    expect(answer).toEqual({ transactionId: 1001, idTagInfo: { status: "Accepted" } });
    const about = { transactionId: 1001, evseId: 1, connectorId: 1, idTag: "TAG", meterStartWh: 100 };
    expect(changes).toMatchObject([
      { type: "transactionOpened", ...about, startedAt: "2026-11-21T09:30:00.000Z" },
    ]);
    expect(events).toMatchObject([{ type: "transactionStarted", ...about, idTagStatus: "Accepted" }]);
  });

  it("gets an id even when its tag is refused", () => {
    const { answer, events } = handle("StartTransaction", begin, {}, {});
    expect(answer).toEqual({ transactionId: 1001, idTagInfo: { status: "Invalid" } });
    expect(events).toMatchObject([{ idTagStatus: "Unknown" }]);
  });

  it("gets the same id when it is repeated, and changes nothing", () => {
    const known = transaction({ startTimestamp: begin.timestamp });
    const { answer, changes, events } = handle("StartTransaction", begin, {
      transactions: transactionsOf(known),
    });
    expect(answer).toMatchObject({ transactionId: 7 });
    expect([...changes, ...events]).toEqual([]);
  });

  it("claims the id that a remote start reserved", () => {
    const start = { transactionId: 55, rowId: "txn_55", idTag: "CAPACITOR" };
    const remoteStarts = { ...noRemoteStarts, claimable: () => start };
    const payload = { ...begin, idTag: "CAPACITOR" };
    const { answer, changes, events } = handle("StartTransaction", payload, { remoteStarts });
    expect(changes).toMatchObject([{ type: "transactionOpened", transactionId: 55, rowId: "txn_55" }]);
    expect(answer).toEqual({ transactionId: 55, idTagInfo: { status: "Accepted" } });
    expect(events).toMatchObject([{ remoteStarted: true }]);
  });

  it("ends the transaction whose stop was lost, and the reservation it used", () => {
    const transactions = transactionsOf(transaction());
    const { changes, events } = handle("StartTransaction", { ...begin, reservationId: 3 }, { transactions });
    expect(changes).toMatchObject([
      { type: "transactionClosed", transactionId: 7, lostStop: true, stoppedAt: "2026-11-21T09:30:00.000Z" },
      { type: "transactionOpened", transactionId: 1001 },
      { type: "reservationEnded", reservationId: 3 },
    ]);
    expect(events.map(({ type }) => type)).toEqual(["transactionStopped", "transactionStarted"]);
  });

  it("from a late backlog never ends a transaction that began after it", () => {
    const transactions = transactionsOf(transaction());
    const { changes } = handle(
      "StartTransaction",
      { ...begin, timestamp: "2026-09-01T00:00:00Z" },
      { transactions },
    );
    expect(changes).toMatchObject([{ type: "transactionOpened", startedAt: "2026-09-01T00:00:00.000Z" }]);
  });

  it.each([
    ["was never set", "1970-01-01T00:00:10Z", 0],
    ["is known to show 1970", "1970-01-01T00:00:10Z", Date.parse("1970-01-01") - NOW.getTime()],
    ["is known to be two hours behind", "2026-11-21T08:00:00Z", -2 * 60 * 60 * 1000],
    ["is ahead", "2026-11-21T11:00:00Z", 0],
  ])(
    "from a clock that %s ends the open transaction at the time of the message",
    (_, timestamp, clockOffMs) => {
      const { changes, events } = handle(
        "StartTransaction",
        { ...begin, timestamp },
        { transactions: transactionsOf(transaction()), clockOffMs },
      );
      const stoppedAt = NOW.toISOString();
      expect(changes).toMatchObject([
        { type: "transactionClosed", transactionId: 7, lostStop: true, stoppedAt },
        { type: "transactionOpened" },
      ]);
      expect(events).toMatchObject([{ type: "transactionStopped", at: stoppedAt }, {}]);
    },
  );

  it("from a backlog keeps its time although the clock is wrong now", () => {
    const timestamp = "2026-09-01T00:00:00Z";
    const { changes } = handle(
      "StartTransaction",
      { ...begin, timestamp },
      { transactions: transactionsOf(transaction()), clockOffMs: -2 * 60 * 60 * 1000 },
    );
    expect(changes.map(({ type }) => type)).toEqual(["transactionOpened"]);
  });
});

describe("StopTransaction", () => {
  const transactions = transactionsOf(transaction());

  it("closes the transaction with the meter and the reason", () => {
    const { answer, changes, events } = handle(
      "StopTransaction",
      { ...end, reason: "EVDisconnected" },
      { transactions },
    );
    expect(answer).toEqual({});
    expect(changes).toMatchObject([{ type: "transactionClosed", transactionId: 7, lostStop: false }]);
    expect(events).toMatchObject([
      { type: "transactionStopped", meterStopWh: 900, stopReason: "EVDisconnected" },
    ]);
  });

  it("has reason Local when none is given, and checks the tag when there is one", () => {
    const { answer, events } = handle("StopTransaction", { ...end, idTag: "TAG" }, { transactions });
    expect(answer).toEqual({ idTagInfo: { status: "Accepted" } });
    expect(events).toMatchObject([{ stopReason: "Local" }]);
  });

  it("changes nothing the second time", () => {
    const stopped = transactionsOf(transaction({ stoppedAt: "2026-11-21T09:40:00.000Z" }));
    const { changes, events } = handle("StopTransaction", end, { transactions: stopped });
    expect([...changes, ...events]).toEqual([]);
  });

  it("replaces a stop that was assumed lost", () => {
    const lost = transactionsOf(transaction({ stoppedAt: "2026-11-21T09:40:00.000Z", lostStop: true }));
    const { changes, events } = handle("StopTransaction", end, { transactions: lost });
    expect(changes).toMatchObject([{ type: "transactionClosed", transactionId: 7, lostStop: false }]);
    expect(events).toMatchObject([{ transactionId: 7, meterStopWh: 900 }]);
  });

  it("of an unknown transaction is answered normally and stored without a transaction", () => {
    const { answer, changes, events } = handle(
      "StopTransaction",
      { ...end, transactionId: 99 },
      { transactions },
    );
    expect(answer).toEqual({});
    expect(changes).toEqual([]);
    expect(events).toMatchObject([
      { type: "transactionStopped", transactionId: null, claimedId: "99", meterStopWh: 900 },
    ]);
  });

  describe("with the id -1", () => {
    const unconfirmed = { ...end, transactionId: -1 };
    const stop = (...open: Parameters<typeof transaction>[0][]) => {
      const transactions = transactionsOf(...open.map(transaction));
      return handle("StopTransaction", unconfirmed, { transactions });
    };

    it("ends the only open transaction, also on a connector that never told its status", () => {
      expect(stop({}).changes).toMatchObject([{ type: "transactionClosed", transactionId: 7 }, {}]);
    });

    it("ends the one whose id the station has not used, however many others are open", () => {
      const known = { transactionId: 8, evseId: 2, isConfirmed: true };
      const events = stop(known, {}).events;
      expect(events).toMatchObject([{ type: "transactionStopped", transactionId: 7, claimedId: null }]);
    });

    it("is stored without a transaction when several or none match", () => {
      const orphan = [{ type: "transactionStopped", transactionId: null, claimedId: "-1" }];
      expect(stop({}, { transactionId: 8, evseId: 2 }).events).toMatchObject(orphan);
      expect(stop({ isConfirmed: true }).events).toMatchObject(orphan);
      expect(stop({ ocppTransactionId: "of 2.x" }).events).toMatchObject(orphan);
      expect(stop().events).toMatchObject(orphan);
    });

    it("is recognised when it is repeated, whether or not it ended a transaction", () => {
      const known = { meterStopWh: 900, timestamp: end.timestamp };
      for (const [endedId, open] of [
        [7, [{}]],
        [null, []],
      ] as const) {
        expect(stop(...open).changes.at(-1)).toEqual({ type: "unconfirmedStop", endedId, ...known });
        const unconfirmedStop = (told: object) =>
          JSON.stringify(told) === JSON.stringify(known) ? { transactionId: endedId } : null;
        const transactions = { ...transactionsOf(transaction({ transactionId: 9 })), unconfirmedStop };
        const { changes, events } = handle("StopTransaction", unconfirmed, { transactions });
        expect([...changes, ...events]).toEqual([]);
      }
    });
  });
});

describe("MeterValues on 1.6", () => {
  const meterValue = [{ timestamp: "2026-11-21T09:40:00Z", sampledValue: [{ value: "150" }] }];
  const transactions = transactionsOf(transaction());

  it.each([
    [{ transactionId: 7 }, { transactionId: 7, claimedId: null }],
    [{ transactionId: -1 }, { transactionId: 7, claimedId: null }],
    [{ transactionId: 99 }, { transactionId: null, claimedId: "99" }],
    [{}, { transactionId: 7, claimedId: null }],
  ])("with %j belongs to %j", (claim, about) => {
    const { answer, events } = handle(
      "MeterValues",
      { connectorId: 1, ...claim, meterValue },
      { transactions },
    );
    expect(answer).toEqual({});
    expect(events).toEqual([
      {
        type: "meterValues",
        ...about,
        evseId: 1,
        triggerReason: null,
        chargingState: null,
        meterValue,
        at: "2026-11-21T09:40:00.000Z",
      },
    ]);
  });
});

describe("MeterValues that name no transaction", () => {
  const ownerOf = (version: OcppVersion, evseId: number, timestamp: string) => {
    const transactions = transactionsOf(transaction());
    const place: JsonObject = version === "ocpp1.6" ? { connectorId: evseId } : { evseId };
    const value = version === "ocpp1.6" ? "150" : 150;
    const payload = { ...place, meterValue: [{ timestamp, sampledValue: [{ value }] }] };
    const { events } = handleStrictly(context(version, { transactions }), "MeterValues", payload);
    return events.map((event) => (event.type === "meterValues" ? event.transactionId : undefined));
  };

  it.each<OcppVersion>(["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])(
    "on %s belong to the one that runs on their connector, if it had begun by then",
    (version) => {
      expect(ownerOf(version, 1, "2026-11-21T09:40:00Z")).toEqual([7]);
      expect(ownerOf(version, 1, "2026-11-21T08:59:00Z")).toEqual([null]);
      expect(ownerOf(version, 2, "2026-11-21T09:40:00Z")).toEqual([null]);
      expect(ownerOf(version, 0, "2026-11-21T09:40:00Z")).toEqual([null]);
    },
  );
});

describe("the id of a transaction", () => {
  const meterValue = [{ timestamp: "2026-11-21T09:40:00Z", sampledValue: [{ value: "150" }] }];
  const values = (transactionId: number, isConfirmed: boolean) =>
    handle(
      "MeterValues",
      { connectorId: 1, transactionId, meterValue },
      { transactions: transactionsOf(transaction({ isConfirmed })) },
    );

  it("is confirmed by the first meter values that name it", () => {
    expect(values(7, false).changes).toEqual([{ type: "transactionConfirmed", transactionId: 7 }]);
    expect(values(7, true).changes).toEqual([]);
    expect(values(-1, false).changes).toEqual([]);
  });

  it("once confirmed, gets no values of the id -1", () => {
    expect(values(-1, true).events).toMatchObject([{ transactionId: null, claimedId: "-1" }]);
  });
});

describe("the other messages of a 1.6 station", () => {
  it("accepts a vendor message only when a webhook wants it, and stores it either way", () => {
    const payload = { vendorId: "v", messageId: "m", data: "d" };
    const deaf = handle("DataTransfer", payload);
    expect(deaf.answer).toEqual({ status: "UnknownVendorId" });
    expect(deaf.events).toMatchObject([
      { type: "dataTransferReceived", ...payload, responseStatus: "UnknownVendorId" },
    ]);
    const heard = handle("DataTransfer", { vendorId: "v" }, {}, { webhook: {} });
    expect(heard.answer).toEqual({ status: "Accepted" });
    expect(heard.events).toMatchObject([{ messageId: null, data: null }]);
    expect(needsOf({ kind: "call", id: "m", action: "DataTransfer", payload }, "ocpp1.6").vendorIds).toEqual([
      "v",
    ]);
    const nameless = { ...payload, vendorId: 5 };
    expect(() =>
      needsOf({ kind: "call", id: "m", action: "DataTransfer", payload: nameless }, "ocpp1.6"),
    ).not.toThrow();
  });

  it.each<[string, JsonObject, JsonObject, JsonObject | null]>([
    [
      "DiagnosticsStatusNotification",
      { status: "Uploaded" },
      {},
      { type: "diagnosticsStatus", status: "Uploaded", requestId: null },
    ],
    ["DiagnosticsStatusNotification", { status: "Idle" }, {}, null],
    [
      "LogStatusNotification",
      { status: "Uploading", requestId: 4 },
      {},
      { type: "diagnosticsStatus", requestId: 4 },
    ],
    [
      "FirmwareStatusNotification",
      { status: "Installed" },
      {},
      { type: "firmwareStatus", requestId: null, published: false },
    ],
    ["FirmwareStatusNotification", { status: "Idle" }, {}, null],
    [
      "SignedFirmwareStatusNotification",
      { status: "InvalidSignature", requestId: 4 },
      {},
      { type: "firmwareStatus", requestId: 4 },
    ],
    [
      "SecurityEventNotification",
      { type: "SettingSystemTime", timestamp: "2026-11-20T00:00:00Z", techInfo: "<b>" },
      {},
      { type: "securityEvent", name: "SettingSystemTime", techInfo: "<b>", at: "2026-11-20T00:00:00.000Z" },
    ],
    [
      "SecurityEventNotification",
      {
        type: "x",
        timestamp: "2026-11-20T00:00:00Z",
        techInfo: "user=admin password=hunter2 at https://u:hunter2@cp.example/a?sig=hunter2",
      },
      {},
      {
        type: "securityEvent",
        techInfo: "user=admin password=*** at https://***@cp.example/a?***",
      },
    ],
    ["SignCertificate", { csr: "x" }, { status: "Rejected" }, null],
  ])("%s %j is answered %j", (action, payload, answer, event) => {
    const handled = handle(action, payload);
    expect(handled.answer).toEqual(answer);
    expect(handled.events).toMatchObject(event ? [event] : []);
  });
});
