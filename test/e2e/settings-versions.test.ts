import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { OcppVersion } from "../../src/ocpp/version.ts";
import { call, postBatch } from "../harness/fleet.ts";
import { takingAnswers, type Values } from "../harness/ocpp-station/settings-answers.ts";
import {
  ALL_SIX,
  compositeFrame,
  intervalFrame,
  profileFrame,
  removalFrame,
} from "../harness/ocpp-station/settings-frames.ts";
import { settledSettings, SettingsStation, type Sent } from "../harness/ocpp-station/settings-station.ts";
import { validatorsOf } from "../unit/ocpp/validators-of.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const VALUES: Record<OcppVersion, Values> = {
  "ocpp1.6": {
    MeterValueSampleInterval: "60",
    ClockAlignedDataInterval: "0",
    SupportedFeatureProfiles: "Core,SmartCharging",
    ChargeProfileMaxStackLevel: "8",
  },
  "ocpp2.0.1": {
    "SampledDataCtrlr.TxUpdatedInterval": "60",
    "SmartChargingCtrlr.ProfileStackLevel": "8",
    "SmartChargingCtrlr.RateUnit": "A,W",
    "SmartChargingCtrlr.ACPhaseSwitchingSupported": "true",
  },
  "ocpp2.1": {
    "SampledDataCtrlr.TxUpdatedInterval": "60",
    "SmartChargingCtrlr.ProfileStackLevel": "8",
    "SmartChargingCtrlr.RateUnit": "A,W",
    "SmartChargingCtrlr.ACPhaseSwitchingSupported": "true",
    "SmartChargingCtrlr.SupportsFeature[MaxOfflineDuration]": "true",
  },
};

/** What becomes of each property at a station that takes everything and can all that its version knows. */
function outcomesOf(version: OcppVersion) {
  return {
    MaxChargeCurrent: { Effective: 16, Reported: 16, Outcome: "applied", Verified: true },
    MaxChargePhases: { Effective: 3, Reported: 3, Outcome: "applied" },
    MinChargeCurrent: { Effective: 6, Outcome: "emulated" },
    OfflineChargeCurrent: { Effective: 10, Outcome: version === "ocpp2.1" ? "applied" : "emulated" },
    OfflineChargePhase: { Effective: 1, Outcome: version === "ocpp1.6" ? "emulated" : "applied" },
    MeterValueInterval: { Effective: 900, Reported: 900, Outcome: "applied", Verified: true },
  };
}

const isRead = ({ action }: Sent) => action === "GetConfiguration" || action === "GetVariables";
const newStation = (version: OcppVersion, identity: string) =>
  SettingsStation.register(stack, version, identity, takingAnswers(version, { ...VALUES[version] }, 16));

describe.each(["ocpp1.6", "ocpp2.0.1", "ocpp2.1"] as const)("a station that speaks %s", (version) => {
  const name = version.slice(4);

  test("gets each setting while it is connected, encoded for its version", async () => {
    const station = await newStation(version, `ONLINE-${name}`);
    await station.connect();
    const sentFor = async (changes: object) => {
      await station.update(changes);
      await station.settled();
      return station.take().filter((sent) => !isRead(sent));
    };
    const { maxChargeCurrent, maxChargePhases, minChargeCurrent } = ALL_SIX;
    expect(await sentFor({ meterValueInterval: 900 })).toEqual([intervalFrame(version, 900)]);
    const max = await sentFor({ maxChargeCurrent });
    expect(max.map(({ action }) => action)).toEqual(["SetChargingProfile", "GetCompositeSchedule"]);
    expect(JSON.stringify(max)).not.toContain("numberPhases");
    const limited = [profileFrame(version, 9001), compositeFrame(version, 0)];
    expect(await sentFor({ maxChargePhases })).toEqual(limited);
    expect(JSON.stringify(await sentFor({ minChargeCurrent: 8 }))).toContain('"minChargingRate":8');
    expect(await sentFor({ minChargeCurrent })).toEqual(limited);
    await station.update({ offlineChargeCurrent: 10 });
    await station.settled();
    expect(station.takeProfiles()).toEqual(["+9002", "+9003", "-9001"]);
    const phase = await sentFor({ offlineChargePhase: 2 });
    expect(phase).toEqual([profileFrame(version, 9002), compositeFrame(version, 1)]);
    expect(await station.settled()).toMatchObject({ Settings: outcomesOf(version) });
    expect(await sentFor({ offlineChargeCurrent: -1, offlineChargePhase: 0 })).toEqual([
      profileFrame(version, 9001),
      removalFrame(version, 9003),
      removalFrame(version, 9002),
      compositeFrame(version, 0),
    ]);
    expect(station.violations).toEqual([]);
    await station.close();
  });

  test("gets each setting that was changed while it was offline with its next connection, once", async () => {
    const station = await newStation(version, `AWAY-${name}`);
    await station.connect();
    await station.close();
    for (const [property, value] of Object.entries(ALL_SIX)) await station.update({ [property]: value });
    await station.connect();
    expect(await station.settled()).toMatchObject({ Revision: 6, Settings: outcomesOf(version) });
    expect(station.take().filter((sent) => !isRead(sent))).toEqual([
      intervalFrame(version, 900),
      profileFrame(version, 9002),
      profileFrame(version, 9003),
      compositeFrame(version, 1),
    ]);
    expect(station.violations).toEqual([]);
    await station.close();
  });

  test("has the outcome it answers: refused, or in force after a reboot", async () => {
    const values = { ...VALUES[version] };
    const taking = takingAnswers(version, values, 16);
    const station = await SettingsStation.register(stack, version, `REFUSES-${name}`, taking);
    const write = version === "ocpp1.6" ? "ChangeConfiguration" : "SetVariables";
    let word = "RebootRequired";
    station.answers[write] = ({ setVariableData }) => {
      if (version === "ocpp1.6") return { status: word };
      const [given] = z
        .array(z.looseObject({ component: z.unknown(), variable: z.unknown() }))
        .parse(setVariableData);
      return {
        setVariableResult: [
          { component: given?.component, variable: given?.variable, attributeStatus: word },
        ],
      };
    };
    await station.connect();
    const becomes = async (profile: Record<string, unknown> | string, change: object, expected: object) => {
      station.answers["SetChargingProfile"] = () => profile;
      await station.update(change);
      expect(await station.settled()).toMatchObject({ Settings: expected });
    };
    await becomes(
      { status: "Rejected" },
      { maxChargeCurrent: 11, meterValueInterval: 300 },
      {
        MaxChargeCurrent: { Outcome: "rejected" },
        MeterValueInterval: { Outcome: "reboot_required" },
      },
    );
    await becomes(
      "NotImplemented",
      { maxChargeCurrent: 12 },
      { MaxChargeCurrent: { Outcome: "unsupported" } },
    );
    await becomes(
      { status: "Accepted" },
      { maxChargeCurrent: 13 },
      {
        MaxChargeCurrent: {
          Outcome: "rejected",
          Detail: "The station reports a limit of 16 A",
          Reported: 16,
        },
      },
    );
    const [key = ""] = Object.keys(values);
    values[key] = "300";
    await station.close();
    await station.connect();
    await waitFor("the interval read back", async () => {
      const { Settings } = await station.settled();
      return Settings["MeterValueInterval"]?.Outcome === "applied";
    });
    word = version === "ocpp1.6" ? "NotSupported" : "UnknownVariable";
    await station.update({ meterValueInterval: 600 });
    expect(await station.settled()).toMatchObject({
      Settings: { MeterValueInterval: { Outcome: "unsupported" } },
    });
    expect(station.violations).toEqual([]);
    await station.close();
  });
});

const logs = z.object({ data: z.array(z.object({ direction: z.string(), message: z.string() })) });
const sentCall = z.tuple([z.literal(2), z.string(), z.string(), z.record(z.string(), z.unknown())]);

/** What a simulated charger was sent, oldest first, as the official schemas allow it. */
async function sentTo(id: string, version: OcppVersion): Promise<Sent[]> {
  const { body } = await call(stack, "GET", `/ocpp/chargers/${id}/logs?limit=100`);
  const frames = logs.parse(body).data.filter(({ direction }) => direction === "csms_to_cp");
  const sent = frames.toReversed().flatMap(({ message }): Sent[] => {
    const { data } = sentCall.safeParse(JSON.parse(message));
    return data ? [{ action: data[2], params: data[3] }] : [];
  });
  for (const { action, params } of sent) expect(validatorsOf(version).request(action, params)).toBeNull();
  return sent.filter((each) => !isRead(each));
}

/** A simulated charger that was READY and is stopped. */
async function stoppedCharger(spoken: string): Promise<string> {
  const batch = await postBatch(stack, { chargers: 1, version: spoken });
  const id = (await batch.finished()).results?.created[0]?.id ?? "";
  expect((await call(stack, "POST", `/ocpp/chargers/${id}/stop-charger`, {})).status).toBe(202);
  await waitFor("the charger offline", async () => {
    const { body } = await call(stack, "GET", `/api/chargers/${id}/settings`);
    return z.object({ IsOnline: z.boolean() }).parse(body).IsOnline === false;
  });
  return id;
}

test("simulated chargers of every version follow what was set while they were stopped, and what is set later", async () => {
  await Promise.all(
    (["OCPP1.6", "OCPP2.0.1", "OCPP2.1"] as const).map(async (spoken) => {
      const version = spoken.toLowerCase() as OcppVersion;
      const id = await stoppedCharger(spoken);
      const update = (body: object) => call(stack, "POST", `/api/chargers/${id}/update`, body);
      expect((await update(ALL_SIX)).status).toBe(200);
      await call(stack, "POST", `/ocpp/chargers/${id}/start-charger`, {});
      expect(await settledSettings(stack, id)).toMatchObject({ Settings: outcomesOf(version) });
      expect(await sentTo(id, version)).toEqual([
        intervalFrame(version, 900),
        profileFrame(version, 9002),
        profileFrame(version, 9003),
        compositeFrame(version, 1),
      ]);
      await update({ maxChargeCurrent: 10, meterValueInterval: 0 });
      expect(await settledSettings(stack, id)).toMatchObject({
        Settings: {
          MaxChargeCurrent: { Reported: 10, Outcome: "applied" },
          MeterValueInterval: { Reported: 0, Outcome: "applied" },
        },
      });
    }),
  );
});
