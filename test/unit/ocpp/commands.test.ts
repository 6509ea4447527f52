import { describe, expect, it } from "vitest";
import type { ChargerCommand } from "../../../src/ocpp/commands.ts";
import { isCommandAllowed, startCommand, triggeredAction } from "../../../src/ocpp/commands.ts";
import type { JsonObject, JsonValue } from "../../../src/ocpp/json.ts";
import type { OcppVersion } from "../../../src/ocpp/version.ts";
import { commandFrames, diagnostics, firmware, start, stop, transfer } from "./command-frames.ts";
import { contextOf, run } from "./command-run.ts";
import { validatorsOf } from "./validators-of.ts";

const ok = { status: "Accepted" };

describe("a command", () => {
  it.each(commandFrames)(
    "%j is encoded for each version and passes the official schema",
    (command, on16, on2x) => {
      // `startCommand` refuses to hand out a call that breaks its schema.
      const first = (version: OcppVersion) =>
        startCommand(version, command, contextOf(), validatorsOf(version)).start();
      expect(first("ocpp1.6")).toEqual({ kind: "call", action: on16[0], payload: on16[1] });
      expect(first("ocpp2.0.1")).toEqual({ kind: "call", action: on2x[0], payload: on2x[1] });
      expect(first("ocpp2.1")).toEqual({ kind: "call", action: on2x[0], payload: on2x[1] });
    },
  );

  it("returns the status information of a 2.x station", () => {
    const answers = [
      { status: "Rejected", statusInfo: { reasonCode: "FwUpdateInProgress", additionalInfo: "wait" } },
    ];
    expect(run("ocpp2.0.1", { kind: "reset", type: "Hard" }, answers).answer).toEqual({
      kind: "status",
      status: "rejected",
      ocppStatus: "Rejected",
      statusInfo: { reasonCode: "FwUpdateInProgress", additionalInfo: "wait" },
    });
  });

  it.each<JsonValue>([{ status: "Maybe" }, {}, "Accepted", [], { status: "Accepted", extra: 1 }])(
    "that is answered %j has no answer at all",
    (payload) => {
      expect(run("ocpp1.6", { kind: "reset", type: "Soft" }, [payload]).end.kind).toBe("invalidAnswer");
    },
  );

  it("that the version cannot express is never sent", () => {
    const key = "k".repeat(51);
    const { sent, end } = run("ocpp1.6", { kind: "changeConfiguration", key, value: "1" }, []);
    expect(sent).toEqual([]);
    expect(end).toEqual({
      kind: "invalidCommand",
      reason: "ChangeConfiguration /key maxLength",
      pointer: "/key",
    });
  });
});

describe("the transfer commands", () => {
  it("have no request id and no status on 1.6", () => {
    const plain = { kind: "transfer", requestId: null, ocppStatus: null, statusInfo: null };
    expect(run("ocpp1.6", firmware, [{}]).answer).toEqual({ ...plain, status: "accepted", fileName: null });
    expect(run("ocpp1.6", diagnostics, [{}]).answer).toEqual({
      ...plain,
      status: "not_available",
      fileName: null,
    });
    const withFile = run("ocpp1.6", diagnostics, [{ fileName: "d.zip" }]).answer;
    expect(withFile).toEqual({ ...plain, status: "accepted", fileName: "d.zip" });
  });

  it("return the request id and the file name on 2.x", () => {
    expect(run("ocpp2.1", diagnostics, [{ status: "Accepted", filename: "d.zip" }]).answer).toMatchObject({
      requestId: 17,
      fileName: "d.zip",
    });
  });
});

describe("a data transfer", () => {
  it.each<[JsonValue, string]>([
    ["text", "text"],
    [{ text: "Hello" }, '{"text":"Hello"}'],
    [5, "5"],
  ])("tells %j of a 2.x station as text", (data, responseData) => {
    expect(run("ocpp2.0.1", transfer, [{ status: "Accepted", data }]).answer).toMatchObject({ responseData });
  });

  it("returns null when the station returned nothing", () => {
    expect(run("ocpp1.6", transfer, [{ status: "Accepted" }]).answer).toMatchObject({ responseData: null });
  });
});

describe("a trigger of StatusNotification without connector on 2.x", () => {
  const command: ChargerCommand = { kind: "trigger", requestedMessage: "StatusNotification" };

  it("asks every known connector and answers the first status that is not accepted", () => {
    const { sent, answer } = run("ocpp2.0.1", command, [
      { status: "NotImplemented" },
      { status: "Rejected" },
    ]);
    expect(sent.map(([, payload]) => payload.evse)).toEqual([
      { id: 1, connectorId: 1 },
      { id: 2, connectorId: 1 },
    ]);
    expect(answer).toMatchObject({ status: "not_implemented" });
    expect(run("ocpp2.0.1", command, [ok, { status: "Rejected" }]).answer).toMatchObject({
      status: "rejected",
    });
    expect(run("ocpp2.0.1", command, [ok, ok]).answer).toMatchObject({ status: "accepted" });
  });

  it("asks for the first connector when none is known yet", () => {
    const { sent } = run("ocpp2.0.1", command, [ok], contextOf({ connectors: [] }));
    expect(sent).toEqual([
      ["TriggerMessage", { requestedMessage: "StatusNotification", evse: { id: 1, connectorId: 1 } }],
    ]);
  });
});

describe("isCommandAllowed", () => {
  const reset: ChargerCommand = { kind: "reset", type: "Soft" };
  const boot: ChargerCommand = { kind: "trigger", requestedMessage: "BootNotification" };
  it.each([
    ["Accepted", true, true, true],
    ["Pending", true, false, true],
    ["Rejected", false, false, false],
    [null, false, false, true],
  ] as const)("in state %s: commands %s, start %s, trigger of a boot %s", (state, others, starts, boots) => {
    expect(isCommandAllowed(state, reset)).toBe(others);
    expect(isCommandAllowed(state, start)).toBe(starts);
    expect(isCommandAllowed(state, stop)).toBe(starts);
    expect(isCommandAllowed(state, boot)).toBe(boots);
  });
});

describe("triggeredAction", () => {
  it.each<[string, JsonObject, string | null]>([
    ["TriggerMessage", { requestedMessage: "Heartbeat" }, "Heartbeat"],
    ["GetBaseReport", { requestId: 1 }, "NotifyReport"],
    ["Reset", { type: "Soft" }, null],
  ])("%s %j makes %s legal", (action, payload, expected) => {
    expect(triggeredAction(action, payload)).toBe(expected);
  });
});
