import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OcppVersion } from "../../src/ocpp/version.ts";
import { newDoor } from "../harness/ocpp-station/door.ts";
import { RawStation } from "../harness/ocpp-station/raw-station.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";

const chargingStation = { vendorName: "Acme", model: "One" };
const boots: Record<OcppVersion, object> = {
  "ocpp1.6": { chargePointVendor: "Acme", chargePointModel: "One" },
  "ocpp2.0.1": { reason: "PowerUp", chargingStation },
  "ocpp2.1": { reason: "PowerUp", chargingStation },
};

interface Breach {
  version: OcppVersion;
  what: string;
  action: string;
  payload: object;
  /** As the version spells it. */
  code: string;
}

const tooLong = "x".repeat(300);
const status16 = { connectorId: 1, errorCode: "NoError", status: "Available" };
const status2x = {
  evseId: 1,
  connectorId: 1,
  connectorStatus: "Available",
  timestamp: "2026-05-01T10:00:00Z",
};
const breaches: Breach[] = [
  {
    version: "ocpp1.6",
    what: "a property more",
    action: "StatusNotification",
    payload: { ...status16, colour: "red" },
    code: "OccurenceConstraintViolation",
  },
  {
    version: "ocpp1.6",
    what: "a text over its length",
    action: "StatusNotification",
    payload: { ...status16, info: tooLong },
    code: "PropertyConstraintViolation",
  },
  ...(["ocpp2.0.1", "ocpp2.1"] as const).map((version) => ({
    version,
    what: "a property more",
    action: "StatusNotification",
    payload: { ...status2x, colour: "red" },
    code: "OccurrenceConstraintViolation",
  })),
  {
    version: "ocpp2.0.1",
    what: "an unknown enum value",
    action: "FirmwareStatusNotification",
    payload: { status: "Polishing" },
    code: "PropertyConstraintViolation",
  },
];

describe.each(["lenient", "strict"] as const)("with OCPP_INBOUND_VALIDATION=%s", (validation) => {
  let stack: RunningStack;
  beforeAll(async () => {
    stack = await startStack({ env: { OCPP_INBOUND_VALIDATION: validation } });
  });
  afterAll(() => stack.stop());

  const told = validation === "strict" ? "refused with the version's code" : "tolerated";
  test.each(breaches)(`$what on $version is ${told}, and the socket stays`, async (breach) => {
    const { version, action, payload, code } = breach;
    const door = await newDoor(stack, `BREACH-${breaches.indexOf(breach)}`);
    const station = await RawStation.connect(door, version);
    expect((await station.call("BootNotification", boots[version]))[0]).toBe(3);
    const answer = await station.call(action, payload);
    if (validation === "lenient") expect(answer[0]).toBe(3);
    else expect(answer).toEqual([4, expect.any(String), code, expect.not.stringContaining("xxx"), {}]);
    expect((await station.call("Heartbeat", {}))[0]).toBe(3);
    station.socket.close();
  });
});
