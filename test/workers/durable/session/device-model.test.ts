import { evictDurableObject } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import { DatabaseDouble } from "./database-double.ts";
import { provisioned, StationDouble, type Charger } from "./station-double.ts";

beforeEach(() => {
  new DatabaseDouble();
});

type Variables = { getVariableData: { component: { name: string }; variable: { name: string } }[] };

const variable = (component: string, name: string, instance?: string) => ({
  component: { name: component },
  variable: instance === undefined ? { name } : { name, instance },
});

const ITEMS_PER_MESSAGE = {
  ...variable("DeviceDataCtrlr", "ItemsPerMessage", "GetVariables"),
  variableAttribute: [{ value: "2", mutability: "ReadOnly" }],
};
const REPORT = [
  ITEMS_PER_MESSAGE,
  {
    ...variable("ChargingStation", "Model"),
    variableAttribute: [{ value: "M1", mutability: "ReadOnly" }],
  },
  {
    ...variable("LocalAuthListCtrlr", "Entries"),
    variableAttribute: [{ value: "3", mutability: "ReadOnly" }],
    variableCharacteristics: { dataType: "integer", supportsMonitoring: false, maxLimit: 500 },
  },
];

/** A booted 2.0.1 station that has reported of itself, unasked. */
async function reporting(): Promise<{ charger: Charger; station: StationDouble }> {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger, { protocol: "ocpp2.0.1" });
  const generatedAt = new Date().toISOString();
  await station.call("NotifyReport", { requestId: 7, generatedAt, seqNo: 0, reportData: REPORT });
  return { charger, station };
}

/** Reads keys from a station that answers every variable with its name; the sizes of the messages it got. */
async function read(
  { charger, station }: Awaited<ReturnType<typeof reporting>>,
  keys: string[],
  calls: number,
) {
  const outcome = charger.session.command(charger.ref, { kind: "getConfiguration", keys }, 5000);
  const sizes: number[] = [];
  for (let call = 0; call < calls; call++) {
    const [, id, , payload] = await station.nextCall();
    const { getVariableData } = payload as Variables;
    sizes.push(getVariableData.length);
    const getVariableResult = getVariableData.map((asked) => ({
      ...asked,
      attributeStatus: "Accepted",
      attributeValue: asked.variable.name,
    }));
    station.send([3, id, { getVariableResult }]);
  }
  return { outcome: await outcome, sizes };
}

const KEYS = ["ChargingStation.Model", "OCPPCommCtrlr.HeartbeatInterval", "TxCtrlr.EVConnectionTimeOut"];

test("the variables that a 2.x station reported decide how they are read and shown, over evictions", async () => {
  const { charger, station } = await reporting();
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
  const { outcome, sizes } = await read({ charger, station }, [...KEYS, "LocalAuthListMaxLength"], 2);
  expect(sizes).toEqual([2, 1]);
  expect(outcome).toMatchObject({
    kind: "answered",
    answer: {
      configurationKey: [
        { key: "ChargingStation.Model", readonly: true, value: "Model" },
        { key: "OCPPCommCtrlr.HeartbeatInterval", readonly: false },
        { key: "TxCtrlr.EVConnectionTimeOut", readonly: false },
        { key: "LocalAuthListMaxLength", readonly: true, value: "500" },
      ],
      unknownKey: [],
    },
  });
});

test("a station is asked for its limit once, and again after its next boot", async () => {
  const { charger, station } = await reporting();
  await station.boot("ocpp2.0.1");
  expect((await read({ charger, station }, KEYS, 2)).sizes).toEqual([1, 3]);
  expect((await read({ charger, station }, KEYS, 1)).sizes).toEqual([3]);
  await station.boot("ocpp2.0.1");
  expect((await read({ charger, station }, KEYS, 2)).sizes).toEqual([1, 3]);
});

test("a 1.6 station that reported how many keys it takes is read in messages of that size", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const answer = async (calls: number, keys: string[]) => {
    const outcome = charger.session.command(charger.ref, { kind: "getConfiguration", keys }, 5000);
    const asked: unknown[] = [];
    for (let call = 0; call < calls; call++) {
      const [, id, , payload] = await station.nextCall();
      asked.push(payload.key);
      const configurationKey = [{ key: "GetConfigurationMaxKeys", readonly: true, value: "2" }];
      station.send([3, id, { configurationKey }]);
    }
    await outcome;
    return asked;
  };
  expect(await answer(1, ["GetConfigurationMaxKeys", "A", "B"])).toHaveLength(1);
  expect(await answer(2, ["A", "B", "C"])).toEqual([["A", "B"], ["C"]]);
});
