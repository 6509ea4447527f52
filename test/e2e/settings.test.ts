import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call } from "../harness/fleet.ts";
import { takingAnswers } from "../harness/ocpp-station/settings-answers.ts";
import { SettingsStation } from "../harness/ocpp-station/settings-station.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const CHARGING = { minChargingRate: 6, chargingRateUnit: "A" };
const TODAY = () => `${new Date().toISOString().slice(0, 10)}T00:00:00Z`;

describe("a 1.6 station", () => {
  const values = {
    MeterValueSampleInterval: "60",
    ClockAlignedDataInterval: "0",
    ChargeProfileMaxStackLevel: "8",
    ChargingScheduleAllowedChargingRateUnit: "Current,Power",
    ConnectorSwitch3to1PhaseSupported: "false",
    SupportedFeatureProfiles: "Core,SmartCharging",
    MaxChargingProfilesInstalled: "10",
  };
  let station: SettingsStation;
  beforeAll(async () => {
    const answers = takingAnswers("ocpp1.6", values, 16);
    station = await SettingsStation.register(stack, "ocpp1.6", "SET-16", answers);
  });
  afterAll(() => station.close());

  test("gets the last value of a burst of a hundred once it connects, exactly once", async () => {
    for (let update = 1; update < 100; update += 1) await station.update({ maxChargeCurrent: update / 10 });
    await station.update({
      maxChargeCurrent: 16,
      maxChargePhases: 3,
      minChargeCurrent: 6,
      meterValueInterval: 900,
    });
    const { body } = await call(stack, "GET", `/api/chargers/${station.id}/settings`);
    expect(body).toMatchObject({
      Revision: 100,
      IsOnline: false,
      Settings: { MaxChargeCurrent: { Desired: 16, Outcome: "pending" } },
    });
    await station.connect();
    // In the answer that shows the outcomes first: the connection in it is as new as they are.
    expect(await station.settled()).toMatchObject({
      Revision: 100,
      IsOnline: true,
      OcppVersion: "ocpp1.6",
      Settings: {
        MaxChargeCurrent: { Desired: 16, Effective: 16, Reported: 16, Outcome: "applied", Verified: true },
        MaxChargePhases: { Desired: 3, Reported: 3, Outcome: "applied" },
        MinChargeCurrent: { Desired: 6, Outcome: "emulated" },
        MeterValueInterval: { Desired: 900, Reported: 900, Outcome: "applied", Verified: true },
        OfflineChargeCurrent: { Desired: null, Outcome: null },
      },
    });
    expect(station.sent).toEqual([
      { action: "GetConfiguration", params: { key: Object.keys(values) } },
      { action: "ChangeConfiguration", params: { key: "MeterValueSampleInterval", value: "900" } },
      { action: "GetConfiguration", params: { key: ["MeterValueSampleInterval"] } },
      {
        action: "SetChargingProfile",
        params: {
          connectorId: 0,
          csChargingProfiles: {
            chargingProfileId: 9001,
            stackLevel: 0,
            chargingProfilePurpose: "ChargePointMaxProfile",
            chargingProfileKind: "Absolute",
            chargingSchedule: {
              startSchedule: TODAY(),
              ...CHARGING,
              chargingSchedulePeriod: [{ startPeriod: 0, limit: 16, numberPhases: 3 }],
            },
          },
        },
      },
      {
        action: "GetCompositeSchedule",
        params: { connectorId: 0, duration: 60, chargingRateUnit: "A" },
      },
    ]);
  });

  test("gets nothing when it reconnects with everything in force", async () => {
    await station.close();
    station.sent.length = 0;
    await station.connect();
    await station.update({ meterValueInterval: 600 });
    await station.settled();
    expect(station.sent.map(({ action }) => action)).toEqual([
      "GetConfiguration",
      "ChangeConfiguration",
      "GetConfiguration",
    ]);
  });

  test("gets two profiles for an offline limit, and one again when it is removed", async () => {
    station.sent.length = 0;
    await station.update({ offlineChargeCurrent: 10, offlineChargePhase: 2 });
    expect(await station.settled()).toMatchObject({
      Settings: {
        OfflineChargeCurrent: { Effective: 10, Outcome: "emulated" },
        OfflineChargePhase: { Effective: 1, Outcome: "emulated" },
        MaxChargeCurrent: { Outcome: "applied" },
      },
    });
    expect(station.takeProfiles()).toEqual(["+9002", "+9003", "-9001"]);
    await station.update({ offlineChargeCurrent: -1, offlineChargePhase: 0 });
    await station.settled();
    expect(station.takeProfiles()).toEqual(["+9001", "-9003", "-9002"]);
  });

  test("gets the limit of its running transaction as well, and none after its end", async () => {
    const timestamp = new Date().toISOString();
    const begun = { connectorId: 1, idTag: "TAG", meterStart: 0, timestamp };
    const { transactionId } = await station.call("StartTransaction", begun);
    station.take();
    await station.update({ offlineChargeCurrent: 10 });
    await station.settled();
    const limit = station.sent.find(({ params }) => JSON.stringify(params).includes('"TxProfile"'));
    expect(limit?.params).toEqual({
      connectorId: 1,
      csChargingProfiles: {
        chargingProfileId: 9101,
        transactionId,
        stackLevel: 0,
        chargingProfilePurpose: "TxProfile",
        chargingProfileKind: "Absolute",
        validTo: expect.any(String),
        chargingSchedule: {
          startSchedule: TODAY(),
          chargingRateUnit: "A",
          chargingSchedulePeriod: [{ startPeriod: 0, limit: 16, numberPhases: 3 }],
        },
      },
    });
    expect(station.takeProfiles()).toEqual(["+9002", "+9003", "+9101", "-9001"]);
    await station.call("StopTransaction", { transactionId, meterStop: 10, timestamp });
    await station.update({ offlineChargeCurrent: -1 });
    await station.settled();
    expect(station.takeProfiles()).toEqual(["+9001", "-9003", "-9002"]);
  });

  test("whose clock is two minutes off gets no profile that expires", async () => {
    const status = { connectorId: 1, errorCode: "NoError", status: "Available" };
    const report = (offMs: number) =>
      station.call("StatusNotification", {
        ...status,
        timestamp: new Date(Date.now() + offMs).toISOString(),
      });
    await report(120_000);
    await station.update({ offlineChargeCurrent: 9 });
    expect(await station.settled()).toMatchObject({
      Settings: { OfflineChargeCurrent: { Outcome: "rejected", Detail: "station clock" } },
    });
    await report(0);
    await station.update({ offlineChargeCurrent: 8 });
    expect(await station.settled()).toMatchObject({
      Settings: {
        OfflineChargeCurrent: { Outcome: "emulated", Detail: expect.stringContaining("30 minutes") },
      },
    });
    expect(station.takeProfiles()).toEqual(["+9002", "+9003", "-9001"]);
    await station.update({ offlineChargeCurrent: -1 });
    await station.settled();
    expect(station.violations).toEqual([]);
  });

  test("has the outcome it answers: rejected, unsupported, after a reboot, and another limit than ours", async () => {
    station.answers["SetChargingProfile"] = () => ({ status: "Rejected" });
    station.answers["ChangeConfiguration"] = () => ({ status: "RebootRequired" });
    await station.close();
    await station.connect();
    await station.update({ maxChargeCurrent: 20, meterValueInterval: 300 });
    expect(await station.settled()).toMatchObject({
      Settings: {
        MaxChargeCurrent: { Outcome: "rejected", Detail: "The station answered Rejected" },
        MeterValueInterval: { Outcome: "reboot_required" },
      },
    });
    values.MeterValueSampleInterval = "300";
    station.answers["SetChargingProfile"] = () => ({ status: "NotSupported" });
    await station.close();
    await station.connect();
    await waitFor("the interval applied", async () => {
      const { Settings } = await station.settled();
      return Settings["MeterValueInterval"]?.Outcome === "applied";
    });
    await station.update({ maxChargeCurrent: 21 });
    expect(await station.settled()).toMatchObject({
      Settings: { MaxChargeCurrent: { Outcome: "unsupported" } },
    });
    station.answers["SetChargingProfile"] = () => ({ status: "Accepted" });
    await station.close();
    await station.connect();
    await station.update({ maxChargeCurrent: 10 });
    expect(await station.settled()).toMatchObject({
      Settings: { MaxChargeCurrent: { Outcome: "rejected", Detail: "The station reports a limit of 16 A" } },
    });
  });
});

test("a 2.0.1 station that is online gets maximum and interval encoded for its version", async () => {
  const values = {
    "SampledDataCtrlr.TxUpdatedInterval": "60",
    "AlignedDataCtrlr.Interval": "300",
    "SmartChargingCtrlr.RateUnit": "A,W",
  };
  const answers = takingAnswers("ocpp2.0.1", values, 16);
  const station = await SettingsStation.register(stack, "ocpp2.0.1", "SET-201", answers);
  station.answers["GetCompositeSchedule"] = () => ({ status: "Rejected" });
  await station.connect();
  await station.update({ MaxChargeCurrent: 16, MaxChargePhases: 3, MeterValueInterval: 0 });
  expect(await station.settled()).toMatchObject({
    Settings: {
      MaxChargeCurrent: { Outcome: "applied", Verified: false },
      MeterValueInterval: { Outcome: "applied", Reported: 0 },
    },
  });
  const written = station.sent.filter(({ action }) => action.startsWith("Set"));
  const variable = (component: string, name: string) => ({
    component: { name: component },
    variable: { name },
    attributeValue: "0",
  });
  expect(written).toEqual([
    {
      action: "SetVariables",
      params: {
        setVariableData: [
          variable("SampledDataCtrlr", "TxUpdatedInterval"),
          variable("AlignedDataCtrlr", "Interval"),
        ],
      },
    },
    {
      action: "SetChargingProfile",
      params: {
        evseId: 0,
        chargingProfile: {
          id: 9001,
          stackLevel: 0,
          chargingProfilePurpose: "ChargingStationMaxProfile",
          chargingProfileKind: "Absolute",
          chargingSchedule: [
            {
              id: 1,
              startSchedule: TODAY(),
              ...CHARGING,
              chargingSchedulePeriod: [{ startPeriod: 0, limit: 16, numberPhases: 3 }],
            },
          ],
        },
      },
    },
  ]);
  await station.update({ meterValueInterval: 120 });
  await station.settled();
  expect(values).toMatchObject({
    "SampledDataCtrlr.TxUpdatedInterval": "120",
    "AlignedDataCtrlr.Interval": "300",
  });
  await station.close();
});

test("other firmware and another OCPP version get settled settings again, and no value that reads back equal", async () => {
  const values = { MeterValueSampleInterval: "60" };
  const values2x = { "SampledDataCtrlr.TxUpdatedInterval": "60" };
  const answers = {
    ...takingAnswers("ocpp2.0.1", values2x, 16),
    ...takingAnswers("ocpp1.6", values, 16),
    GetCompositeSchedule: () => ({ status: "Rejected" }),
  };
  const station = await SettingsStation.register(stack, "ocpp1.6", "SET-OTHER", answers);
  await station.connect();
  await station.update({ maxChargeCurrent: 16, meterValueInterval: 600 });
  await station.settled();
  const writes = () =>
    station.sent.map(({ action }) => action).filter((action) => /^(Set|Change)/.test(action));
  expect(writes()).toEqual(["ChangeConfiguration", "SetChargingProfile"]);
  await station.close();
  station.take();

  await station.connect("2.0");
  await waitFor("the profile again", () => writes().includes("SetChargingProfile"));
  await station.settled();
  expect(writes()).toEqual(["SetChargingProfile"]);
  await station.close();
  station.take();

  await station.connect("2.0", "ocpp2.0.1");
  await waitFor("the profile once more", () => writes().includes("SetChargingProfile"));
  await station.settled();
  expect(writes()).toEqual(["SetVariables", "SetChargingProfile"]);
  expect(values2x).toEqual({ "SampledDataCtrlr.TxUpdatedInterval": "600" });
  expect(station.violations).toEqual([]);
  await station.close();
});
