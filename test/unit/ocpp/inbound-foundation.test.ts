import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/ocpp/json.ts";
import type { StationState } from "../../../src/ocpp/station-state.ts";
import type { OcppVersion } from "../../../src/ocpp/version.ts";
import { handleStrictly } from "./handle-strictly.ts";
import { context, NOW, transaction, transactionsOf } from "./station.ts";

const handle = (
  version: OcppVersion,
  action: string,
  payload: JsonObject,
  fields: Partial<StationState> = {},
) => handleStrictly(context(version, fields), action, payload);

const at = NOW.toISOString();
const boot16 = {
  chargePointVendor: "ABB",
  chargePointModel: "Terra AC",
  chargeBoxSerialNumber: "SN1",
  firmwareVersion: "1.2",
  meterType: "M",
};
const boot2x = {
  reason: "PowerUp",
  chargingStation: {
    vendorName: "ABB",
    model: "Terra AC",
    firmwareVersion: "1.2",
    modem: { iccid: "89", imsi: "262" },
  },
};

describe("BootNotification", () => {
  it.each([
    ["Accepted", 300],
    ["Pending", 60],
    ["Rejected", 600],
  ] as const)(
    "is answered %s with an interval of %i s when the registration says so",
    (bootAnswer, interval) => {
      for (const [version, payload] of [
        ["ocpp1.6", boot16],
        ["ocpp2.0.1", boot2x],
        ["ocpp2.1", boot2x],
      ] as const) {
        const { answer, changes } = handle(version, "BootNotification", payload, {
          registration: null,
          bootAnswer,
        });
        expect(answer).toEqual({ status: bootAnswer, currentTime: at, interval });
        expect(changes).toMatchObject([
          { type: "booted", registration: bootAnswer, intervalSeconds: interval, at },
        ]);
      }
    },
  );

  it("reports the data of a 1.6 station, with either field for its serial number", () => {
    const facts = {
      vendor: "ABB",
      model: "Terra AC",
      serialNumber: "SN1",
      firmwareVersion: "1.2",
      iccid: null,
      imsi: null,
      meterType: "M",
      meterSerialNumber: null,
    };
    const { events } = handle("ocpp1.6", "BootNotification", boot16);
    expect(events).toEqual([{ type: "booted", facts, registrationStatus: "Accepted", reason: null, at }]);
    const both = { ...boot16, chargePointSerialNumber: "SN2" };
    expect(handle("ocpp1.6", "BootNotification", both).events).toMatchObject([
      { facts: { serialNumber: "SN2" } },
    ]);
  });

  it("reports the data and the reason of a 2.x station", () => {
    const { events } = handle("ocpp2.1", "BootNotification", boot2x);
    const facts = { vendor: "ABB", model: "Terra AC", serialNumber: null, iccid: "89", imsi: "262" };
    expect(events).toMatchObject([{ type: "booted", facts, reason: "PowerUp" }]);
  });
});

describe("StatusNotification on 1.6", () => {
  const status = {
    connectorId: 2,
    errorCode: "NoError",
    status: "Charging",
    timestamp: "2026-11-21T09:59:00Z",
  };

  it("changes the connector and reports its previous status", () => {
    const connectors = [known("Preparing", "2026-11-21T09:00:00.000Z", 2)];
    const { changes, events } = handle("ocpp1.6", "StatusNotification", status, { connectors });
    const reported = {
      evseId: 2,
      connectorId: 1,
      status: "Charging",
      errorCode: "NoError",
      at: "2026-11-21T09:59:00.000Z",
    };
    expect(changes).toEqual([{ type: "connectorStatus", reported: "Charging", ...reported }]);
    expect(events).toMatchObject([
      { type: "connectorStatusChanged", previousStatus: "Preparing", ...reported },
    ]);
  });

  it("updates the time without an event when nothing changed", () => {
    const connectors = [known("Charging", "2026-11-21T09:00:00.000Z", 2)];
    const { changes, events } = handle("ocpp1.6", "StatusNotification", status, { connectors });
    expect(changes).toHaveLength(1);
    expect(events).toEqual([]);
  });

  it("never lets an older report overwrite a newer one", () => {
    const connectors = [known("Finishing", "2026-11-21T09:59:30.000Z", 2)];
    const { changes, events } = handle("ocpp1.6", "StatusNotification", status, { connectors });
    expect([...changes, ...events]).toEqual([]);
  });

  it("addresses the main controller as EVSE 0, connector 0", () => {
    const { changes } = handle("ocpp1.6", "StatusNotification", {
      ...status,
      connectorId: 0,
      status: "Available",
    });
    expect(changes).toMatchObject([{ evseId: 0, connectorId: 0, status: "Available" }]);
  });

  it("of a connector that cannot exist is answered and changes nothing", () => {
    const connectors = Array.from({ length: 256 }, (_, evseId) =>
      known("Available", "2026-11-21T09:00:00.000Z", evseId),
    );
    const report = (connectorId: number) =>
      handle("ocpp1.6", "StatusNotification", { ...status, connectorId }, { connectors });
    expect(report(255).events).toMatchObject([{ type: "connectorStatusChanged" }]);
    expect(report(256)).toMatchObject({ answer: {}, changes: [], events: [] });
    for (const connectorId of [-1, 2 ** 31])
      expect(handle("ocpp1.6", "StatusNotification", { ...status, connectorId }).changes).toEqual([]);
  });

  it("uses the receive time for a missing, future or implausible timestamp, and flags the implausible one", () => {
    const { timestamp: _, ...without } = status;
    expect(handle("ocpp1.6", "StatusNotification", without).changes).toMatchObject([{ at }]);
    const ahead = handle("ocpp1.6", "StatusNotification", { ...status, timestamp: "2026-11-21T11:00:00Z" });
    expect(ahead.changes).toMatchObject([{ type: "connectorStatus", at }]);
    const wild = handle("ocpp1.6", "StatusNotification", { ...status, timestamp: "1970-01-01T00:00:00Z" });
    expect(wild.changes).toMatchObject([{ type: "clockSkewed" }, { type: "connectorStatus", at }]);
  });
});

describe("StatusNotification on 2.x", () => {
  const report = (connectorStatus: string) => ({ timestamp: at, connectorStatus, evseId: 1, connectorId: 1 });
  const statusOf = (connectorStatus: string, fields: Partial<StationState> = {}) => {
    const [change] = handle("ocpp2.0.1", "StatusNotification", report(connectorStatus), fields).changes;
    return change?.type === "connectorStatus" ? `${change.status} ${change.errorCode}` : "none";
  };

  it.each(["Available", "Reserved", "Unavailable"])("reports %s unchanged", (word) => {
    expect(statusOf(word)).toBe(`${word} NoError`);
  });

  it("has no error code of its own, so a fault is reported as OtherError", () => {
    expect(statusOf("Faulted")).toBe("Faulted OtherError");
  });

  it.each([
    ["Charging", "Charging"],
    ["SuspendedEV", "SuspendedEV"],
    ["SuspendedEVSE", "SuspendedEVSE"],
    ["EVConnected", "Preparing"],
    ["Idle", "Preparing"],
    [null, "Preparing"],
  ])("tells Occupied with a transaction in state %s as %s", (chargingState, status) => {
    const transactions = transactionsOf(transaction({ chargingState }));
    expect(statusOf("Occupied", { transactions })).toBe(`${status} NoError`);
  });

  it("is not finishing while its transaction is open, even if energy flowed before", () => {
    const transactions = transactionsOf(transaction({ chargingState: "EVConnected" }));
    const connectors = [known("Charging", "2026-11-21T09:00:00.000Z", 1)];
    expect(statusOf("Occupied", { transactions, connectors })).toBe("Preparing NoError");
  });

  it("reports Occupied without a transaction as Preparing before energy flowed and as Finishing after", () => {
    expect(statusOf("Occupied")).toBe("Preparing NoError");
    for (const [before, after] of [
      ["Available", "Preparing"],
      ["Charging", "Finishing"],
      ["SuspendedEV", "Finishing"],
      ["Finishing", "Finishing"],
    ] as const) {
      const connectors = [known(before, "2026-11-21T09:00:00.000Z", 1)];
      expect(statusOf("Occupied", { connectors })).toBe(`${after} NoError`);
    }
  });
});

function known(
  status: "Preparing" | "Charging" | "Finishing" | "Available" | "SuspendedEV",
  time: string,
  evseId: number,
) {
  return { evseId, connectorId: 1, status, reported: status, errorCode: "NoError", at: time };
}
