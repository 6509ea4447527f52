import { beforeEach, describe, expect, test, vi } from "vitest";
import type { ChargerCommand } from "../../../../src/ocpp/commands.ts";
import { durableSessions } from "../../../../src/durable/sessions.ts";
import type { SimulatedStation } from "../../../../src/ports.ts";
import { DatabaseDouble } from "../session/database-double.ts";
import { eventually, newHost, newStation, testEnv } from "./test-station.ts";

const sessions = durableSessions(testEnv);

let database: DatabaseDouble;
beforeEach(() => {
  vi.restoreAllMocks();
  database = new DatabaseDouble();
});

/** The newest state of the station's only transaction that Postgres was told. */
function told(station: SimulatedStation) {
  return database
    .factsOf(station.chargerId)
    .filter(({ revision }) => revision !== undefined)
    .at(-1);
}

const command = async (station: SimulatedStation, wanted: ChargerCommand) => {
  const outcome = await sessions.command(station, wanted, 5_000);
  expect(outcome).toMatchObject({ kind: "answered" });
  return outcome;
};

test("no time passes within a step: a composite schedule begins at 0, however slowly it is computed", async () => {
  const station = newStation({ version: "ocpp1.6" });
  await newHost().start(station, 10_000);
  const startMs = Date.now();
  let calls = 0;
  vi.spyOn(Date, "now").mockImplementation(() => startMs + calls++);
  const payload = { connectorId: 1, duration: 3600 };
  const outcome = await command(station, {
    kind: "raw",
    action: "GetCompositeSchedule",
    payload,
    onlyVersion: null,
  });
  expect(outcome).toMatchObject({
    answer: { payload: { chargingSchedule: { chargingSchedulePeriod: [{ startPeriod: 0 }] } } },
  });
});

describe.each(["ocpp1.6", "ocpp2.0.1", "ocpp2.1"] as const)("a simulated %s station", (version) => {
  test("charges from a remote start to a remote stop, and its transaction reaches Postgres", async () => {
    const station = newStation({ version });
    await newHost().start(station, 10_000);
    await command(station, { kind: "changeConfiguration", key: "MeterValueSampleInterval", value: "1" });
    await command(station, {
      kind: "changeConfiguration",
      key: "StopTransactionOnInvalidId",
      value: "false",
    });
    await command(station, { kind: "remoteStart", connectorId: 1, idTag: "TAG", remoteStartId: 900 });
    const running = await eventually(
      () => told(station),
      (fact) => fact?.last_meter_wh != null,
    );
    expect(running).toMatchObject({ status: "in_progress", evse_id: 1 });
    const transactionId = Number(running?.["transaction_id"]);
    await command(station, {
      kind: "remoteStop",
      transactionId,
      ocppTransactionId: version === "ocpp1.6" ? null : String(running?.["ocpp_transaction_id"]),
    });
    const ended = await eventually(
      () => told(station),
      (fact) => fact?.status === "completed",
    );
    expect(ended).toMatchObject({ transaction_id: transactionId, stop_reason: "Remote" });
    const idle = await eventually(
      () => sessions.snapshot(station),
      (snapshot) => snapshot?.connectors.find(({ evseId }) => evseId === 1)?.status === "Available",
    );
    expect(idle).toMatchObject({ online: true });
  });
});
