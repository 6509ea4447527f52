import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/ocpp/json.ts";
import type { ConnectorState } from "../../../src/ocpp/station-state.ts";
import { handleStrictly } from "./handle-strictly.ts";
import { context, transaction, transactionsOf } from "./station.ts";

const row = (variable: string, actualValue: string, minute: number, more: JsonObject = {}): JsonObject => ({
  eventId: minute,
  timestamp: `2026-11-21T09:${String(minute).padStart(2, "0")}:00Z`,
  trigger: "Delta",
  actualValue,
  component: { name: "Connector", evse: { id: 1, connectorId: 1 } },
  variable: { name: variable },
  eventNotificationType: "PreconfiguredMonitor",
  ...more,
});
const state = (told: Partial<ConnectorState> = {}): ConnectorState => ({
  evseId: 1,
  connectorId: 1,
  status: "Available",
  reported: "Available",
  errorCode: "NoError",
  at: "2026-11-21T08:00:00.000Z",
  ...told,
});

/** The words for the connector after each message of a 2.x station. */
function told(connectors: ConnectorState[], ...messages: JsonObject[][]) {
  const words: string[] = [];
  for (const eventData of messages) {
    const payload = { generatedAt: "2026-11-21T10:00:00Z", seqNo: 0, eventData };
    const { changes } = handleStrictly(context("ocpp2.0.1", { connectors }), "NotifyEvent", payload);
    for (const change of changes) {
      if (change.type !== "connectorStatus") continue;
      const { type: _, ...next } = change;
      connectors = [next];
      words.push(`${next.status} ${next.errorCode}`);
    }
  }
  return words;
}

const FAULTED = "Faulted OtherError";

describe("a problem of a connector", () => {
  it.each([
    ["is over", row("Problem", "false", 2)],
    ["is cleared", row("Problem", "true", 2, { cleared: true })],
  ])("gives back the state before it once it %s", (_, over) => {
    const reserved = state({ status: "Reserved", reported: "Reserved" });
    expect(told([reserved], [row("Problem", "true", 1)], [over])).toEqual([FAULTED, "Reserved NoError"]);
  });

  it("reported twice still returns to the state before it", () => {
    const problems = [row("Problem", "true", 1), row("Problem", "true", 2)];
    expect(told([state()], problems, [row("Problem", "false", 3)])).toEqual([
      FAULTED,
      FAULTED,
      "Available NoError",
    ]);
  });

  it("that ends leaves a fault that the connector's own state reports", () => {
    const faulted = state({ status: "Faulted", reported: "Faulted", errorCode: "OtherError" });
    expect(told([faulted], [row("Problem", "true", 1)], [row("Problem", "false", 2)])).toEqual([
      FAULTED,
      FAULTED,
    ]);
    expect(told([faulted], [row("Problem", "false", 2)])).toEqual([]);
  });

  it("on a connector without an earlier report ends in the status of its transaction", () => {
    const problem = state({ status: "Faulted", reported: "Faulted", availability: "Occupied" });
    const transactions = transactionsOf(transaction({ chargingState: "Charging" }));
    const ctx = context("ocpp2.1", { connectors: [problem], transactions });
    const payload = {
      generatedAt: "2026-11-21T10:00:00Z",
      seqNo: 0,
      eventData: [row("Problem", "false", 1)],
    };
    const { changes } = handleStrictly(ctx, "NotifyEvent", payload);
    expect(changes).toMatchObject([{ status: "Charging", reported: "Occupied" }]);
    expect(told([], [row("Problem", "true", 1)], [row("Problem", "false", 2)])).toEqual([
      FAULTED,
      "Available NoError",
    ]);
  });
});

describe("the rows of one NotifyEvent", () => {
  it("are applied in the order of their times, whatever their position", () => {
    const rows = [row("AvailabilityState", "Unavailable", 30), row("AvailabilityState", "Reserved", 20)];
    expect(told([], rows)).toEqual(["Reserved NoError", "Unavailable NoError"]);
  });

  it("start from the state that the previous row left", () => {
    const eventData = [row("AvailabilityState", "Reserved", 2), row("Problem", "true", 1)];
    const payload = { generatedAt: "2026-11-21T10:00:00Z", seqNo: 0, eventData };
    const { events } = handleStrictly(context("ocpp2.1"), "NotifyEvent", payload);
    expect(events).toMatchObject([
      { type: "notified" },
      { previousStatus: null, status: "Faulted" },
      { previousStatus: "Faulted", status: "Reserved" },
    ]);
  });
});
