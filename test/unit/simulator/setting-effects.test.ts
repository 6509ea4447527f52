import { describe, expect, test } from "vitest";
import { OCPP_VERSIONS } from "../../../src/ocpp/version.ts";
import { KEY_ALIASES, MAX_LIMIT_KEYS } from "../../../src/ocpp/v2x/configuration-key.ts";
import { SETTINGS } from "../../../src/simulator/device-model/setting-table.ts";
import { StationUnderTest, type Sent } from "./station-under-test.ts";

interface MeterValue {
  timestamp: string;
  sampledValue: Array<{ measurand: string; context: string }>;
}

test("every 1.6 key that has an alias in 2.x is one of a simulated station, under that alias", () => {
  const spelled = (key: string) => {
    const { component, variable, instance } = SETTINGS.find(({ key16 }) => key16 === key)?.path2x ?? {};
    return instance === undefined ? `${component}.${variable}` : `${component}.${variable}[${instance}]`;
  };
  // These two differ in type or unit between the versions, so a simulated station holds one of each.
  const apart = [
    "UnlockConnectorOnEVSideDisconnect",
    "ChargingScheduleAllowedChargingRateUnit",
    "GetConfigurationMaxKeys",
  ];
  const keys = Object.keys(KEY_ALIASES).filter((key) => !apart.includes(key));
  expect(Object.fromEntries(keys.map((key) => [key, spelled(key)]))).toEqual(
    Object.fromEntries(keys.map((key) => [key, KEY_ALIASES[key]])),
  );
  const known = SETTINGS.map(({ key16 }) => key16);
  expect([...apart, ...Object.keys(MAX_LIMIT_KEYS)].filter((key) => !known.includes(key))).toEqual([]);
});

describe.each(OCPP_VERSIONS)("the settings of a %s station", (version) => {
  const is16 = version === "ocpp1.6";

  const event = (station: StationUnderTest, action: string, eventType: string): Sent["payload"] =>
    station
      .calls(is16 ? action : "TransactionEvent")
      .find(({ payload }) => is16 || payload["eventType"] === eventType)?.payload ?? {};
  const begin = (station: StationUnderTest) => event(station, "StartTransaction", "Started");
  const end = (station: StationUnderTest) => event(station, "StopTransaction", "Ended");

  function read(station: StationUnderTest, key: string, component: string, variable: string) {
    const request = is16
      ? { key: [key] }
      : { getVariableData: [{ component: { name: component }, variable: { name: variable } }] };
    const answer = station.call(is16 ? "GetConfiguration" : "GetVariables", request)?.payload ?? {};
    const [entry] = (answer["configurationKey"] ?? answer["getVariableResult"]) as Array<
      Record<string, unknown>
    >;
    return entry?.["value"] ?? entry?.["attributeValue"];
  }

  test("show the security profile as read-only", () => {
    const station = StationUnderTest.booted(version);
    station.set("SecurityProfile", "SecurityCtrlr.SecurityProfile", "3");
    expect(read(station, "SecurityProfile", "SecurityCtrlr", "SecurityProfile")).toBe("2");
  });

  test.each([
    ["the station waits too short a time", "1", 0],
    ["the station waits long enough", "60", 1],
    ["the station waits for ever", "0", 1],
  ])("let a driver plug in as long as %s", (_how, patience, count) => {
    const station = StationUnderTest.booted(version);
    station.set("ConnectionTimeOut", "TxCtrlr.EVConnectionTimeOut", patience);
    station.charge();
    expect(Object.keys(begin(station)).length > 0 ? 1 : 0).toBe(count);
    expect(Object.keys(station.state.memory.charges)).toHaveLength(count);
  });

  test("include the configured clock-aligned values in the last message, each with its time", () => {
    const station = StationUnderTest.booted(version);
    station.set("ClockAlignedDataInterval", "AlignedDataCtrlr.Interval", "900");
    station.set("StopTxnAlignedData", "AlignedDataCtrlr.TxEndedMeasurands", "Power.Active.Import");
    station.charge();
    for (let count = 0; count < 2; count++) {
      station.fire("aligned");
      station.answerAll();
    }
    station.stop();
    const values = end(station)[is16 ? "transactionData" : "meterValue"] as MeterValue[];
    expect(values.map(({ timestamp, sampledValue }) => [timestamp, sampledValue[0]?.measurand])).toEqual([
      ["2026-01-01T00:15:00.000Z", "Power.Active.Import"],
      ["2026-01-01T00:30:00.000Z", "Power.Active.Import"],
      ["2026-01-01T00:30:00.000Z", "Energy.Active.Import.Register"],
    ]);
    expect(values.map(({ sampledValue }) => sampledValue[0]?.context)).toEqual([
      "Sample.Clock",
      "Sample.Clock",
      "Transaction.End",
    ]);
  });

  test("include no clock-aligned value in the last message when none is configured", () => {
    const station = StationUnderTest.booted(version);
    station.set("ClockAlignedDataInterval", "AlignedDataCtrlr.Interval", "900");
    station.set("StopTxnAlignedData", "AlignedDataCtrlr.TxEndedMeasurands", "Voltage");
    station.set("StopTxnAlignedData", "AlignedDataCtrlr.TxEndedMeasurands", "");
    station.charge();
    station.fire("aligned");
    station.answerAll();
    station.stop();
    expect(end(station)[is16 ? "transactionData" : "meterValue"]).toHaveLength(1);
  });

  test("keep the transaction of a refused tag, without energy", () => {
    const station = StationUnderTest.booted(version);
    station.set("StopTransactionOnInvalidId", "TxCtrlr.StopTxOnInvalidId", "false");
    expect(read(station, "MaxEnergyOnInvalidId", "TxCtrlr", "MaxEnergyOnInvalidId")).toBe("0");
    station.verdict = "Blocked";
    station.charge();
    expect(station.state.memory.charges[1]).toMatchObject({ stage: "charging", flow: { amps: 0 } });
  });
});

test.each(["ocpp2.0.1", "ocpp2.1"] as const)(
  "a %s station begins and ends a transaction with the measurands that are set for each",
  (version) => {
    const station = new StationUnderTest(version);
    station.boot();
    station.set("", "SampledDataCtrlr.TxStartedMeasurands", "Voltage");
    station.set("", "SampledDataCtrlr.TxEndedMeasurands", "Power.Active.Import");
    station.charge();
    station.stop();
    const told = station.calls("TransactionEvent").map(({ payload }) => {
      const [value] = (payload["meterValue"] ?? []) as MeterValue[];
      return [payload["eventType"], value?.sampledValue[0]?.measurand];
    });
    expect(told).toEqual([
      ["Started", "Voltage"],
      ["Ended", "Power.Active.Import"],
    ]);
  },
);
