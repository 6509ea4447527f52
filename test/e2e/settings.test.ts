import { RPCClient } from "ocpp-rpc";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { call } from "../harness/fleet.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const registration = z.object({
  id: z.string(),
  authorizationKey: z.string(),
  instructions: z.object({ baseUrl: z.string() }),
});

interface Sent {
  action: string;
  params: Record<string, unknown>;
}

type Answer = (params: Record<string, unknown>) => Record<string, unknown>;

const CHARGING = { minChargingRate: 6, chargingRateUnit: "A" };
const TODAY = () => `${new Date().toISOString().slice(0, 10)}T00:00:00Z`;

/** A charge point that was not written here, with what it was told and what it answers. */
class Station {
  readonly sent: Sent[] = [];
  readonly answers: Record<string, Answer>;
  readonly protocol: string;
  client: RPCClient | null = null;
  #identity: string;
  #registered: z.infer<typeof registration> | null = null;

  constructor(protocol: string, identity: string, answers: Record<string, Answer>) {
    this.protocol = protocol;
    this.#identity = identity;
    this.answers = answers;
  }

  get id(): string {
    return this.#registered?.id ?? "";
  }

  async register(): Promise<void> {
    const { body } = await call(stack, "POST", "/api/v1/chargers", { chargeBoxId: this.#identity });
    this.#registered = registration.parse(body);
  }

  async connect(): Promise<void> {
    const { authorizationKey, instructions } = registration.parse(this.#registered);
    const client = new RPCClient({
      endpoint: instructions.baseUrl,
      identity: this.#identity,
      protocols: [this.protocol],
      password: authorizationKey,
      strictMode: true,
      reconnect: false,
    });
    for (const [action, answer] of Object.entries(this.answers))
      client.handle(action, ({ params }) => {
        this.sent.push({ action, params });
        return answer(params);
      });
    await client.connect();
    this.client = client;
    const boot =
      this.protocol === "ocpp1.6"
        ? { chargePointVendor: "Acme", chargePointModel: "One", firmwareVersion: "1.0" }
        : {
            reason: "PowerUp",
            chargingStation: { vendorName: "Acme", model: "One", firmwareVersion: "1.0" },
          };
    expect(await client.call("BootNotification", boot)).toMatchObject({ status: "Accepted" });
  }

  async update(body: unknown): Promise<void> {
    const { status } = await call(stack, "POST", `/api/chargers/${this.id}/update`, body);
    expect(status).toBe(200);
  }

  /** The settings once none of them is pending. */
  settled(): Promise<{ Revision: number; Settings: Record<string, { Outcome: string | null }> }> {
    return waitFor(
      "settled settings",
      async () => {
        const { body } = await call(stack, "GET", `/api/chargers/${this.id}/settings`);
        const known = settingsBody.parse(body);
        return Object.values(known.Settings).some(({ Outcome }) => Outcome === "pending") ? false : known;
      },
      30_000,
    );
  }
}

const settingsBody = z.object({
  Revision: z.number(),
  Settings: z.record(z.string(), z.looseObject({ Outcome: z.string().nullable() })),
});

function configuration(values: Record<string, string>): Record<string, Answer> {
  return {
    GetConfiguration: ({ key }) => {
      const keys = Array.isArray(key) ? key.map(String) : [];
      return {
        configurationKey: keys.flatMap((name) =>
          values[name] === undefined ? [] : [{ key: name, readonly: false, value: values[name] }],
        ),
        unknownKey: keys.filter((name) => values[name] === undefined),
      };
    },
    ChangeConfiguration: ({ key, value }) => {
      values[String(key)] = String(value);
      return { status: "Accepted" };
    },
    SetChargingProfile: () => ({ status: "Accepted" }),
    ClearChargingProfile: () => ({ status: "Accepted" }),
    GetCompositeSchedule: () => ({
      status: "Accepted",
      connectorId: 0,
      chargingSchedule: {
        chargingRateUnit: "A",
        chargingSchedulePeriod: [{ startPeriod: 0, limit: 16, numberPhases: 3 }],
      },
    }),
  };
}

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
  const station = new Station("ocpp1.6", "SET-16", configuration(values));
  beforeAll(() => station.register());
  afterAll(() => station.client?.close());

  test("gets the last value of a burst once it connects, exactly once", async () => {
    for (const maxChargeCurrent of [8, 10, 12]) await station.update({ maxChargeCurrent });
    await station.update({
      maxChargeCurrent: 16,
      maxChargePhases: 3,
      minChargeCurrent: 6,
      meterValueInterval: 900,
    });
    const { body } = await call(stack, "GET", `/api/chargers/${station.id}/settings`);
    expect(body).toMatchObject({
      Revision: 4,
      IsOnline: false,
      Settings: { MaxChargeCurrent: { Desired: 16, Outcome: "pending" } },
    });
    await station.connect();
    expect(await station.settled()).toMatchObject({
      Revision: 4,
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

  test("is left alone when it comes back with everything in force", async () => {
    await station.client?.close();
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

  test("gets two layers for the time without a connection, and one again afterwards", async () => {
    station.sent.length = 0;
    await station.update({ offlineChargeCurrent: 10, offlineChargePhase: 2 });
    expect(await station.settled()).toMatchObject({
      Settings: {
        OfflineChargeCurrent: { Effective: 10, Outcome: "emulated" },
        OfflineChargePhase: { Effective: 1, Outcome: "emulated" },
        MaxChargeCurrent: { Outcome: "applied" },
      },
    });
    const profiles = () =>
      station.sent
        .filter(({ action }) => /ChargingProfile/.test(action))
        .map(({ action, params }) => [action, JSON.stringify(params).match(/900\d/)?.[0]]);
    expect(profiles()).toEqual([
      ["SetChargingProfile", "9002"],
      ["SetChargingProfile", "9003"],
      ["ClearChargingProfile", "9001"],
    ]);
    station.sent.length = 0;
    await station.update({ offlineChargeCurrent: -1, offlineChargePhase: 0 });
    await station.settled();
    expect(profiles()).toEqual([
      ["SetChargingProfile", "9001"],
      ["ClearChargingProfile", "9003"],
      ["ClearChargingProfile", "9002"],
    ]);
  });

  test("is believed in what it refuses: rejected, unsupported, after a reboot, and another limit than ours", async () => {
    station.answers["SetChargingProfile"] = () => ({ status: "Rejected" });
    station.answers["ChangeConfiguration"] = () => ({ status: "RebootRequired" });
    await station.client?.close();
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
    await station.client?.close();
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
    await station.client?.close();
    await station.connect();
    await station.update({ maxChargeCurrent: 10 });
    expect(await station.settled()).toMatchObject({
      Settings: { MaxChargeCurrent: { Outcome: "rejected", Detail: "The station reports a limit of 16 A" } },
    });
  });
});

test("a 2.0.1 station that is online gets maximum and interval in the words of its version", async () => {
  const values: Record<string, string> = { TxUpdatedInterval: "60", Interval: "300", RateUnit: "A,W" };
  const station = new Station("ocpp2.0.1", "SET-201", {
    GetVariables: ({ getVariableData }) => ({
      getVariableResult: z
        .array(
          z.object({ component: z.object({ name: z.string() }), variable: z.object({ name: z.string() }) }),
        )
        .parse(getVariableData)
        .map(({ component, variable }) => {
          const attributeValue = values[variable.name];
          const known = attributeValue === undefined ? {} : { attributeValue };
          return {
            component,
            variable,
            attributeStatus: attributeValue === undefined ? "UnknownVariable" : "Accepted",
            ...known,
          };
        }),
    }),
    SetVariables: ({ setVariableData }) => ({
      setVariableResult: z
        .array(
          z.object({
            component: z.object({ name: z.string() }),
            variable: z.object({ name: z.string() }),
            attributeValue: z.string(),
          }),
        )
        .parse(setVariableData)
        .map(({ component, variable, attributeValue }) => {
          values[variable.name] = attributeValue;
          return { component, variable, attributeStatus: "Accepted" };
        }),
    }),
    SetChargingProfile: () => ({ status: "Accepted" }),
    GetCompositeSchedule: () => ({ status: "Rejected" }),
  });
  await station.register();
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
  expect(values).toMatchObject({ TxUpdatedInterval: "120", Interval: "300" });
  await station.client?.close();
});
