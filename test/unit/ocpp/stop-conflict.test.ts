import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/ocpp/json.ts";
import type { StationState } from "../../../src/ocpp/station-state.ts";
import { handleStrictly } from "./handle-strictly.ts";
import { context, transaction, transactionsOf } from "./station.ts";

const kept = { meterStopWh: 900, stoppedAt: "2026-11-21T09:45:00.000Z", stopReason: "Local" };
const conflict = (told: object) => ({ type: "stopConflicted", transactionId: 7, kept, told });

describe("a StopTransaction of a transaction that has ended", () => {
  const again = (changed: JsonObject, fields: Partial<StationState> = {}) => {
    const stop = { transactionId: 7, meterStop: 900, timestamp: "2026-11-21T09:45:00Z" };
    const ended = transactionsOf(transaction({ stoppedAt: kept.stoppedAt }));
    const transactions = { ...ended, stopOf: (id: number) => (id === 7 ? kept : null) };
    const ctx = context("ocpp1.6", { transactions, ...fields });
    const { changes, events } = handleStrictly(ctx, "StopTransaction", { ...stop, ...changed });
    expect(changes).toEqual([]);
    return events;
  };

  it.each<[JsonObject, object]>([
    [{ meterStop: 9999 }, { meterStopWh: 9999 }],
    [{ reason: "PowerLoss" }, { stopReason: "PowerLoss" }],
    [{ timestamp: "2026-11-21T09:55:00Z" }, { stoppedAt: "2026-11-21T09:55:00.000Z" }],
  ])("that tells %j now is told with both values, and the first one stays", (changed, differs) => {
    expect(again(changed)).toMatchObject([conflict({ ...kept, ...differs })]);
  });

  it("with the same content is a repeat, whatever time a wrong clock gave it", () => {
    expect(again({})).toEqual([]);
    expect(again({ timestamp: "2026-11-21T09:45:30Z" })).toEqual([]);
    expect(again({ timestamp: "2026-11-21T12:00:00Z" })).toEqual([]);
    expect(again({ timestamp: "2026-11-21T09:55:00Z" }, { clockOffMs: 600_000 })).toEqual([]);
  });
});

describe("an Ended of a transaction that has ended", () => {
  const again = (seqNo: number, value: number, hasEvent: boolean) => {
    const id = "6f6c2d0e-5b1f-4d42-9a53-51f1b7f1f4d5";
    const ended = transaction({ ocppTransactionId: id, stoppedAt: kept.stoppedAt, lastSeqNo: 5 });
    const transactions = { ...transactionsOf(ended), stopOf: () => kept, hasEvent: () => hasEvent };
    const timestamp = "2026-11-21T09:45:00Z";
    return handleStrictly(context("ocpp2.0.1", { transactions }), "TransactionEvent", {
      eventType: "Ended",
      seqNo,
      timestamp,
      triggerReason: "StopAuthorized",
      transactionInfo: { transactionId: id },
      meterValue: [{ timestamp, sampledValue: [{ value, context: "Transaction.End" }] }],
    });
  };

  it.each([
    ["the same seqNo", 5, true],
    ["a new seqNo", 6, false],
  ])(
    "under %s with another meter is told with both values and ends nothing anew",
    (_what, seqNo, hasEvent) => {
      const { changes, events } = again(seqNo, 9999, hasEvent);
      expect(events).toMatchObject([conflict({ ...kept, meterStopWh: 9999 })]);
      expect(changes.map(({ type }) => type)).not.toContain("transactionClosed");
    },
  );

  it("with the same content is a repeat", () => {
    expect(again(5, 900, true).events).toEqual([]);
  });
});
