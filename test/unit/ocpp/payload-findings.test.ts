import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/ocpp/json.ts";
import { payloadFindings } from "../../../src/ocpp/payload-findings.ts";
import { SENDABLE_ACTIONS } from "../../../src/ocpp/sendable-actions.ts";
import { routesV16 } from "../../../src/ocpp/v16/routing.ts";
import { routesV2x } from "../../../src/ocpp/v2x/routing.ts";
import { OCPP_VERSIONS } from "../../../src/ocpp/version.ts";
import { everyRequest, invalidPayloads, validPayloads } from "../../harness/ocpp-payload.ts";
import { validatorsOf } from "./validators-of.ts";

const seed = Number(process.env["BUSBAR_FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const total = Number(process.env["BUSBAR_FUZZ"] ?? 300);
const numRuns = Math.max(2, Math.ceil(total / everyRequest.length));
process.stdout.write(`payloads: BUSBAR_FUZZ_SEED=${seed}\n`);

describe("the actions that a central system may send", () => {
  it.each(OCPP_VERSIONS)("are those of %s that no station sends, and DataTransfer", (version) => {
    const inbound = new Set(Object.keys(version === "ocpp1.6" ? routesV16 : routesV2x));
    const others = [...validatorsOf(version).actions].filter((action) => !inbound.has(action));
    expect([...SENDABLE_ACTIONS[version]].toSorted()).toEqual([...others, "DataTransfer"].toSorted());
  });
});

describe("the findings in a payload", () => {
  it.each(everyRequest)(
    "of $action on $version are some where the official schema is broken, and none elsewhere",
    ({ version, action }) => {
      const validators = validatorsOf(version);
      fc.assert(
        fc.property(validPayloads(version, action), (payload) => {
          expect([validators.request(action, payload), payloadFindings(version, action, payload)]).toEqual([
            null,
            [],
          ]);
        }),
        { numRuns, seed },
      );
      fc.assert(
        fc.property(invalidPayloads(version, action, validators), (broken) => {
          expect(payloadFindings(version, action, broken.payload), broken.what).not.toEqual([]);
        }),
        { numRuns, seed },
      );
    },
  );

  it("are told one by one, each with its place", () => {
    const payload: JsonObject = {
      connectorId: "1",
      csChargingProfiles: {
        chargingProfileId: 5,
        stackLevel: 1.5,
        chargingProfilePurpose: "Tx",
        chargingProfileKind: "Absolute",
        recurrency: "Daily",
        validFrom: "today",
        chargingSchedule: {
          chargingRateUnit: "A",
          chargingSchedulePeriod: [{ startPeriod: 0 }, { startPeriod: 1, limit: 0.15 }],
        },
      },
    };
    const at = ["csChargingProfiles"];
    const period = [...at, "chargingSchedule", "chargingSchedulePeriod"];
    expect(payloadFindings("ocpp1.6", "SetChargingProfile", payload)).toEqual([
      { path: ["connectorId"], code: "invalid_type", message: "connectorId must be an integer" },
      {
        path: [...at, "stackLevel"],
        code: "invalid_type",
        message: "csChargingProfiles.stackLevel must be an integer",
      },
      {
        path: [...at, "chargingProfilePurpose"],
        code: "invalid_value",
        message:
          "csChargingProfiles.chargingProfilePurpose must be one of: ChargePointMaxProfile, TxDefaultProfile, TxProfile",
      },
      { path: [...at, "recurrency"], code: "unrecognized_key", message: "Unknown field recurrency" },
      {
        path: [...at, "validFrom"],
        code: "invalid_format",
        message: "csChargingProfiles.validFrom must be an RFC 3339 time with an offset",
      },
      {
        path: [...period, 0, "limit"],
        code: "required",
        message: "csChargingProfiles.chargingSchedule.chargingSchedulePeriod.0.limit is required",
      },
      {
        path: [...period, 1, "limit"],
        code: "not_multiple_of",
        message:
          "csChargingProfiles.chargingSchedule.chargingSchedulePeriod.1.limit must be a multiple of 0.1",
      },
    ]);
  });

  it("name the bounds of lengths, numbers and lists", () => {
    const told = (action: string, payload: JsonObject) =>
      payloadFindings("ocpp2.1", action, payload).map(({ message }) => message);
    expect(told("GetVariables", { getVariableData: [] })).toEqual([
      "getVariableData must have at least 1 item",
    ]);
    expect(told("CancelReservation", { reservationId: -1 })).toEqual(["reservationId must be at least 0"]);
    expect(told("PublishFirmware", { location: "a", checksum: "c".repeat(33), requestId: 1 })).toEqual([
      "checksum must have at most 32 characters",
    ]);
  });
});
