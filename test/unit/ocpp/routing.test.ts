import { describe, expect, it } from "vitest";
import type { CallFrame } from "../../../src/ocpp/frame.ts";
import type { HandlerContext } from "../../../src/ocpp/handler.ts";
import type { JsonObject } from "../../../src/ocpp/json.ts";
import { handleCall, handleSend, needsOf } from "../../../src/ocpp/routing.ts";
import type { OcppVersion } from "../../../src/ocpp/version.ts";
import { context, NOW } from "./station.ts";
import { validatorsOf } from "./validators-of.ts";

const call = (action: string, payload: JsonObject = {}): CallFrame => ({
  kind: "call",
  id: "m1",
  action,
  payload,
});

function handle(ctx: HandlerContext, frame: CallFrame, policy?: "lenient" | "strict") {
  const validators = validatorsOf(ctx.version);
  const handled = handleCall(frame, ctx, validators, policy);
  return { ...handled, reply: JSON.parse(handled.reply) as unknown };
}

const status16 = { connectorId: 1, errorCode: "NoError", status: "Available" };

describe("handleCall", () => {
  it("answers with the result of the handler", () => {
    const { reply, refused, changes } = handle(context("ocpp1.6"), call("Heartbeat"));
    expect(reply).toEqual([3, "m1", { currentTime: NOW.toISOString() }]);
    expect(refused).toBeNull();
    expect(changes).toEqual([]);
  });

  it.each<OcppVersion>(["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])(
    "refuses an action that %s does not define",
    (version) => {
      for (const action of ["Nonsense", "toString", "heartbeat", ""]) {
        expect(handle(context(version), call(action)).reply).toEqual([4, "m1", "NotImplemented", "", {}]);
      }
    },
  );

  it("refuses an action of another version as not implemented", () => {
    expect(handle(context("ocpp1.6"), call("TransactionEvent")).refused).toBe("NotImplemented");
    expect(handle(context("ocpp2.0.1"), call("BatterySwap")).refused).toBe("NotImplemented");
  });

  it("refuses our own actions in the wrong direction as not supported", () => {
    for (const version of ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"] as const) {
      expect(handle(context(version), call("Reset", { type: "Soft" })).reply).toEqual([
        4,
        "m1",
        "NotSupported",
        "",
        {},
      ]);
    }
  });

  it.each([null, "Pending", "Rejected"] as const)(
    "refuses a call of a station that is %s",
    (registration) => {
      const { reply, changes, events } = handle(context("ocpp2.0.1", { registration }), call("Heartbeat"));
      expect(reply).toMatchObject([4, "m1", "SecurityError", expect.any(String), {}]);
      expect([...changes, ...events]).toEqual([]);
    },
  );

  it("lets a pending station send what we triggered, a rejected one not", () => {
    const triggered = new Set(["Heartbeat"]);
    expect(
      handle(context("ocpp1.6", { registration: "Pending", triggered }), call("Heartbeat")).refused,
    ).toBeNull();
    expect(
      handle(context("ocpp1.6", { registration: "Rejected", triggered }), call("Heartbeat")).refused,
    ).toBe("SecurityError");
  });

  it.each<[JsonObject, string, string]>([
    [{ connectorId: 1, errorCode: "NoError" }, "OccurenceConstraintViolation", "/status required"],
    [{ ...status16, connectorId: "1" }, "TypeConstraintViolation", "/connectorId type"],
  ])("refuses %j even when it is lenient", (payload, code, description) => {
    for (const policy of ["lenient", "strict"] as const) {
      const { reply } = handle(context("ocpp1.6"), call("StatusNotification", payload), policy);
      expect(reply).toEqual([4, "m1", code, description, {}]);
    }
  });

  it.each<[JsonObject, string, string]>([
    [{ ...status16, extra: 1 }, "OccurenceConstraintViolation", "/extra additionalProperties"],
    [{ ...status16, info: "x".repeat(51) }, "PropertyConstraintViolation", "/info maxLength"],
    [{ ...status16, errorCode: "OnFire" }, "PropertyConstraintViolation", "/errorCode enum"],
    [{ ...status16, timestamp: "2026-11-21T09:00:00" }, "PropertyConstraintViolation", "/timestamp format"],
    [{ ...status16, info: 5 }, "TypeConstraintViolation", "/info type"],
  ])("tolerates %j when lenient, and refuses it when strict", (payload, code, description) => {
    const lenient = handle(context("ocpp1.6"), call("StatusNotification", payload));
    expect(lenient.reply).toEqual([3, "m1", {}]);
    expect(`${lenient.tolerated?.pointer} ${lenient.tolerated?.keyword}`).toBe(description);
    expect(lenient.changes).toHaveLength(1);
    const strict = handle(context("ocpp1.6"), call("StatusNotification", payload), "strict");
    expect(strict.reply).toEqual([4, "m1", code, description, {}]);
    expect(strict.changes).toEqual([]);
  });

  it("refuses a payload with a tolerated violation and a missing required field", () => {
    const payload = { reason: "PowerUp", extra: 1, chargingStation: { model: "M" } };
    const { reply, tolerated } = handle(context("ocpp2.0.1"), call("BootNotification", payload));
    expect(reply).toEqual([4, "m1", "OccurrenceConstraintViolation", "/vendorName required", {}]);
    expect(tolerated).toBeNull();
  });

  it("does not tell the station what a handler threw, and returns it to the caller", () => {
    const ctx = { ...context("ocpp1.6"), now: new Date(Number.NaN) };
    const { reply, failure, changes } = handle(ctx, call("Heartbeat"));
    expect(reply).toEqual([4, "m1", "InternalError", "", {}]);
    expect(failure).toBeInstanceOf(RangeError);
    expect(changes).toEqual([]);
  });
});

describe("handleSend", () => {
  it("never answers, not even an action that cannot be handled", () => {
    const validators = validatorsOf("ocpp2.1");
    const frame = { kind: "send" as const, id: "m1", action: "Nonsense", payload: {} };
    const handled = handleSend(frame, context("ocpp2.1"), validators);
    expect(handled).not.toHaveProperty("reply");
    expect(handled.refused).toBe("NotImplemented");
  });
});

describe("needsOf", () => {
  it("is empty when the action is unknown or needs nothing", () => {
    for (const action of ["Heartbeat", "Nonsense", "constructor"]) {
      expect(needsOf(call(action), "ocpp1.6")).toEqual({ idTags: [], vendorIds: [] });
    }
  });
});
