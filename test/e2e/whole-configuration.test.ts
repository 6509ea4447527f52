import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OcppVersion } from "../../src/ocpp/version.ts";
import { call } from "../harness/fleet.ts";
import { ForeignStation, type ReceivedCall } from "../harness/ocpp-station/foreign-station.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const read = (identity: string, query = "") =>
  call(stack, "POST", `/api/v1/chargers/${identity}/configuration/get${query}`, {});

test("ocpp1.6: every key comes in the station's order, and a secret without its value", async () => {
  const station = await ForeignStation.booted(stack, "WHOLE-16", "ocpp1.6");
  const configurationKey = [
    { key: "NumberOfConnectors", readonly: true, value: "2" },
    { key: "AuthorizationKey", readonly: false, value: "hunter2" },
    { key: "HeartbeatInterval", readonly: false, value: "300" },
    { key: "Unset", readonly: false },
  ];
  station.react = () => ({ answer: { configurationKey } });
  expect(await read(station.identity)).toMatchObject({
    status: 200,
    body: {
      chargeBoxId: station.identity,
      configurationKey: configurationKey.map((entry) =>
        entry.key === "AuthorizationKey" ? { key: entry.key, readonly: false } : entry,
      ),
      unknownKey: [],
    },
  });
  expect(station.calls).toMatchObject([{ action: "GetConfiguration", payload: {} }]);
  expect(station.violations).toEqual([]);
  await station.close();
});

describe.each<OcppVersion>(["ocpp2.0.1", "ocpp2.1"])("%s", (version) => {
  const row = (component: object, name: string, attribute: object) => ({
    component,
    variable: { name },
    variableAttribute: [attribute],
  });
  const PARTS = [
    [
      row({ name: "OCPPCommCtrlr" }, "HeartbeatInterval", { value: "300", mutability: "ReadWrite" }),
      row({ name: "SecurityCtrlr" }, "BasicAuthPassword", { value: "hunter2", mutability: "WriteOnly" }),
    ],
    [
      row({ name: "Connector", evse: { id: 1, connectorId: 1 } }, "AvailabilityState", {
        value: "Available",
        mutability: "ReadOnly",
      }),
    ],
  ];

  /** Sends the parts in the order in which their numbers are given. */
  async function report(station: ForeignStation, { payload }: ReceivedCall, order: number[]): Promise<void> {
    for (const seqNo of order)
      await station.call("NotifyReport", {
        requestId: payload["requestId"],
        generatedAt: "2026-02-06T12:00:00.000Z",
        seqNo,
        tbc: seqNo < PARTS.length - 1,
        reportData: PARTS[seqNo],
      });
  }

  test("every variable comes in the order of the report, whose parts may come in any, and a secret without value", async () => {
    const station = await ForeignStation.booted(stack, `WHOLE-${version}`, version);
    station.react = () => ({ answer: { status: "Accepted" } });
    const answer = read(station.identity);
    await report(station, await station.nthCall(0), [1, 0]);
    expect(await answer).toMatchObject({
      status: 200,
      body: {
        chargeBoxId: station.identity,
        configurationKey: [
          { key: "OCPPCommCtrlr.HeartbeatInterval", readonly: false, value: "300" },
          { key: "SecurityCtrlr.BasicAuthPassword", readonly: false },
          { key: "Connector#1/1.AvailabilityState", readonly: true, value: "Available" },
        ],
        unknownKey: [],
      },
    });
    expect(JSON.stringify(await answer)).not.toContain("hunter2");
    expect(station.calls).toMatchObject([
      { action: "GetBaseReport", payload: { reportBase: "FullInventory" } },
    ]);
    expect(station.violations).toEqual([]);
    await station.close();
  });

  test("a report that ends with parts missing is answered with their numbers, long before its deadline", async () => {
    const station = await ForeignStation.booted(stack, `GAP-${version}`, version);
    station.react = () => ({ answer: { status: "Accepted" } });
    const answer = read(station.identity, "?timeout=120");
    await report(station, await station.nthCall(0), [1]);
    const missing = [0];
    expect(await answer).toMatchObject({
      status: 504,
      body: { success: false, error: { code: "INCOMPLETE_REPORT", sent: true, missing } },
    });
    await station.close();
  });

  test("a report without a last part is a timeout of a command that was sent", async () => {
    const station = await ForeignStation.booted(stack, `PART-${version}`, version);
    station.react = () => ({ answer: { status: "Accepted" } });
    const answer = read(station.identity, "?timeout=1");
    await report(station, await station.nthCall(0), [0]);
    expect(await answer).toMatchObject({
      status: 504,
      body: {
        error: {
          code: "TIMEOUT",
          message: `Charger ${station.identity} did not respond within 1 second`,
          sent: true,
        },
      },
    });
    await station.close();
  });
});
