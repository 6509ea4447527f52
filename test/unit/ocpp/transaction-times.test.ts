import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/ocpp/json.ts";
import type { StationState } from "../../../src/ocpp/station-state.ts";
import { handleStrictly } from "./handle-strictly.ts";
import { context, NOW, transaction, transactionsOf } from "./station.ts";

const handle = (action: string, payload: JsonObject, fields: Partial<StationState> = {}) =>
  handleStrictly(context("ocpp1.6", fields, { TAG: {} }), action, payload);
const begin = { connectorId: 1, idTag: "TAG", meterStart: 100, timestamp: "2026-11-21T09:30:00Z" };
const end = { transactionId: 7, meterStop: 900, timestamp: "2026-11-21T09:45:00Z" };

describe("the times of a transaction whose clock is wrong or was set", () => {
  const HOUR_MS = 3_600_000;
  const clockOffMs = -3 * HOUR_MS;
  const threeHoursAgo = "2026-11-21T06:59:58Z";

  it("are receive times while the clock is known to be behind and the message comes live", () => {
    const { changes } = handle("StartTransaction", { ...begin, timestamp: threeHoursAgo }, { clockOffMs });
    expect(changes).toMatchObject([{ startedAt: NOW.toISOString(), startTimestamp: threeHoursAgo }]);
    const transactions = transactionsOf(transaction());
    const stopped = handle(
      "StopTransaction",
      { ...end, timestamp: threeHoursAgo },
      { clockOffMs, transactions },
    );
    expect(stopped.changes).toMatchObject([{ stoppedAt: NOW.toISOString() }]);
  });

  it("are those of the station for what waited for a connection", () => {
    const late = { ...begin, timestamp: "2026-11-20T10:00:00Z" };
    const { changes } = handle("StartTransaction", late, { clockOffMs });
    expect(changes).toMatchObject([{ startedAt: "2026-11-20T10:00:00.000Z" }]);
  });

  it("do not end before they begin: the clock was put back in between", () => {
    const transactions = transactionsOf(transaction());
    const { changes } = handle("StopTransaction", { ...end, timestamp: threeHoursAgo }, { transactions });
    expect(changes).toMatchObject([{ stoppedAt: NOW.toISOString() }]);
  });

  it("are not of the year 1970", () => {
    const { changes } = handle("StartTransaction", { ...begin, timestamp: "1970-01-01T00:00:10Z" });
    expect(changes).toMatchObject([{ startedAt: NOW.toISOString() }]);
  });
});
