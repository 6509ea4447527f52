import { describe, expect, test } from "vitest";
import { loadValidators } from "../../../src/ocpp/validators.ts";
import { OCPP_VERSIONS } from "../../../src/ocpp/version.ts";
import { StationUnderTest } from "./station-under-test.ts";

describe.each(OCPP_VERSIONS)("a %s station that is asked", (version) => {
  const occurrence = version === "ocpp1.6" ? "OccurenceConstraintViolation" : "OccurrenceConstraintViolation";

  test("knows every action of its version", async () => {
    const { actions } = await loadValidators(version);
    const station = StationUnderTest.booted(version);
    const unknown = [...actions].filter((name) => station.call(name, {})?.action === "NotImplemented");
    expect(unknown).toEqual([]);
  });

  test.each(["MakeCoffee", "constructor", version === "ocpp1.6" ? "GetVariables" : "GetConfiguration"])(
    "answers %s, which its version does not define, with NotImplemented",
    (name) => {
      expect(StationUnderTest.booted(version).call(name, {})).toMatchObject({
        type: 4,
        action: "NotImplemented",
      });
    },
  );

  test.each(["Heartbeat", "SecurityEventNotification"])(
    "answers %s, which is not for a station, with NotSupported",
    (name) => {
      expect(StationUnderTest.booted(version).call(name, {})).toMatchObject({
        type: 4,
        action: "NotSupported",
      });
    },
  );

  test.each([
    ["is absent", {}, occurrence],
    ["is of another JSON type", { type: 5 }, "TypeConstraintViolation"],
    ["is null", { type: null }, "TypeConstraintViolation"],
    ["has a value that is none of its own", { type: "Warm" }, "PropertyConstraintViolation"],
  ])("names the code for a field that %s", (_why, payload, code) => {
    expect(StationUnderTest.booted(version).call("Reset", payload)).toMatchObject({ type: 4, action: code });
  });

  test("answers the right code for a list that is too short or missing", () => {
    const [action, field] =
      version === "ocpp1.6"
        ? ["SendLocalList", "localAuthorizationList"]
        : ["GetVariables", "getVariableData"];
    const others = { listVersion: 1, updateType: "Full" };
    expect(StationUnderTest.booted(version).call(action, { ...others, [field]: [{}] })?.action).toBe(
      occurrence,
    );
    expect(StationUnderTest.booted(version).call("TriggerMessage", { requestedMessage: [] })?.action).toBe(
      "TypeConstraintViolation",
    );
  });
});
