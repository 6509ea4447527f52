import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CommandContext, ReportedVariable } from "../../../src/ocpp/commands.ts";
import type { JsonObject } from "../../../src/ocpp/json.ts";
import { guardOf, isSecretKey } from "../../../src/ocpp/secrets.ts";
import { KEY_ALIASES } from "../../../src/ocpp/v2x/configuration-key.ts";
import { formatVariableKey, parseVariableKey } from "../../../src/ocpp/v2x/variable-key.ts";
import { contextOf, run } from "./command-run.ts";

const read = (...keys: string[]) => ({ kind: "getConfiguration" as const, keys });

/** A GetVariables or SetVariables row for `Component.Variable`. */
function row(key: string, fields: JsonObject): JsonObject {
  const [component = "", variable = ""] = key.split(".");
  return { component: { name: component }, variable: { name: variable }, ...fields };
}

const reported = (variables: Record<string, Partial<ReportedVariable>>): Partial<CommandContext> => ({
  reportedVariable: (key) =>
    key in variables ? { maxLimit: null, isReadOnly: false, ...variables[key] } : null,
});

const limited = (max: number | null) => contextOf({ keyLimits: { readKeysMax: max, writeKeysMax: max } });

const itemsPerMessage = (of: string, fields: JsonObject): JsonObject => ({
  component: { name: "DeviceDataCtrlr" },
  variable: { name: "ItemsPerMessage", instance: of },
  ...fields,
});

describe("a configuration key of 2.x", () => {
  it.each([
    ["OCPPCommCtrlr.HeartbeatInterval", { component: "OCPPCommCtrlr", variable: "HeartbeatInterval" }],
    ["OCPPCommCtrlr.MessageAttempts[TransactionEvent]", { variableInstance: "TransactionEvent" }],
    ["Connector#1/2.AvailabilityState", { component: "Connector", evseId: 1, connectorId: 2 }],
    ["EVSE#3.Power", { evseId: 3, connectorId: null }],
    ["C[a.b]#1.V[c d]", { componentInstance: "a.b", variableInstance: "c d" }],
  ])("%s is read and written back unchanged", (key, fields) => {
    const address = parseVariableKey(key);
    expect(address).toMatchObject(fields);
    expect(address && formatVariableKey(address)).toBe(key);
  });

  it.each([
    "HeartbeatInterval",
    "",
    ".",
    "A.",
    ".B",
    "A.B.C",
    "A#.B",
    "A#x.B",
    "A#1/.B",
    "A[.B",
    "A.B]",
    "A]x[.B",
  ])("%j is none", (key) => {
    expect(parseVariableKey(key)).toBeNull();
  });

  it("survives the round trip whatever the address", () => {
    const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,20}$/);
    const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
    const address = fc
      .record({
        component: name,
        componentInstance: maybe(name),
        evseId: maybe(fc.nat(1000)),
        connectorId: maybe(fc.nat(1000)),
        variable: name,
        variableInstance: maybe(name),
      })
      .map((found) => (found.evseId === null ? { ...found, connectorId: null } : found));
    fc.assert(
      fc.property(address, (found) => {
        expect(parseVariableKey(formatVariableKey(found))).toEqual(found);
      }),
    );
  });

  it.each(Object.entries(KEY_ALIASES))("may be the 1.6 name %s for %s", (_, key) => {
    expect(parseVariableKey(key)).not.toBeNull();
  });
});

describe("reading configuration on 1.6", () => {
  it("asks for all keys without a list and returns what the station reports", () => {
    const configurationKey: JsonObject[] = [
      { key: "HeartbeatInterval", readonly: false, value: "300" },
      { key: "NumberOfConnectors", readonly: true },
      { key: "AuthorizationKey", readonly: false, value: "deadbeef" },
    ];
    const { sent, answer } = run("ocpp1.6", read(), [{ configurationKey, unknownKey: ["Odd"] }]);
    expect(sent).toEqual([["GetConfiguration", {}]]);
    expect(answer).toEqual({
      kind: "configuration",
      configurationKey: [...configurationKey.slice(0, 2), { key: "AuthorizationKey", readonly: false }],
      unknownKey: ["Odd"],
      ocppStatus: null,
      statusInfo: null,
    });
  });

  it("splits a list that is longer than the station takes, and merges the answers", () => {
    const answers: JsonObject[] = [
      { configurationKey: [{ key: "A", readonly: false, value: "1" }] },
      { unknownKey: ["C"] },
    ];
    const { sent, answer } = run("ocpp1.6", read("A", "B", "A", "C"), answers, limited(2));
    expect(sent.map(([, payload]) => payload.key)).toEqual([["A", "B"], ["C"]]);
    expect(answer).toMatchObject({ configurationKey: [{ key: "A" }], unknownKey: ["C"] });
  });
});

describe("reading configuration on 2.x", () => {
  it("returns each key as it was asked for, and unknown ones separately", () => {
    const keys = [
      "HeartbeatInterval",
      "OCPPCommCtrlr.HeartbeatInterval",
      "A.B",
      "A.C",
      "A.D",
      "A.E",
      "Nonsense",
    ];
    const result = [
      row("A.D", { attributeStatus: "NotSupportedAttributeType" }),
      row("A.C", { attributeStatus: "UnknownVariable" }),
      row("A.B", { attributeStatus: "Rejected" }),
      row("ocppcommctrlr.heartbeatinterval", { attributeStatus: "Accepted", attributeValue: "300" }),
    ];
    const ctx = contextOf(reported({ "OCPPCommCtrlr.HeartbeatInterval": { isReadOnly: true } }));
    const { sent, answer } = run("ocpp2.0.1", read(...keys), [{ getVariableResult: result }], ctx);
    expect(sent).toHaveLength(1);
    expect(sent[0]?.[1].getVariableData).toHaveLength(5);
    expect(answer).toMatchObject({
      configurationKey: [
        { key: "HeartbeatInterval", readonly: true, value: "300" },
        { key: "OCPPCommCtrlr.HeartbeatInterval", readonly: true, value: "300" },
        { key: "A.B", readonly: false },
      ],
      unknownKey: ["A.C", "A.D", "A.E", "Nonsense"],
    });
  });

  it("splits by the number of variables the station takes in one message", () => {
    const answer = { getVariableResult: [row("X.Y", { attributeStatus: "UnknownVariable" })] };
    const ctx = limited(2);
    const { sent } = run("ocpp2.1", read("A.A", "A.B", "A.C", "A.D", "A.E"), [answer, answer, answer], ctx);
    expect(sent.map(([, payload]) => (payload.getVariableData as unknown[]).length)).toEqual([2, 2, 1]);
  });

  it.each([
    [{ attributeStatus: "Accepted", attributeValue: "2" }, [1, 2, 1]],
    [{ attributeStatus: "UnknownVariable" }, [1, 3]],
  ])("asks a station that has not told before it reads several: %o", (told, lengths) => {
    const limit = { getVariableResult: [itemsPerMessage("GetVariables", told)] };
    const answer = { getVariableResult: [row("X.Y", { attributeStatus: "UnknownVariable" })] };
    const { sent } = run("ocpp2.0.1", read("A.A", "A.B", "A.C"), [limit, answer, answer], limited(null));
    expect(sent.map(([, payload]) => (payload.getVariableData as unknown[]).length)).toEqual(lengths);
    expect(run("ocpp2.0.1", read("A.A"), [answer], limited(null)).sent).toHaveLength(1);
  });

  it("matches a row with a shortened address by its position, if every item has a row", () => {
    const rows = [
      row("Connector.AvailabilityState", { attributeStatus: "Accepted", attributeValue: "Available" }),
      row("A.B", { attributeStatus: "Accepted", attributeValue: "1" }),
    ];
    const { answer } = run("ocpp2.0.1", read("Connector#1/1.AvailabilityState", "A.B"), [
      { getVariableResult: rows },
    ]);
    expect(answer).toMatchObject({
      configurationKey: [
        { key: "Connector#1/1.AvailabilityState", value: "Available" },
        { key: "A.B", value: "1" },
      ],
      unknownKey: [],
    });
  });

  it("answers known values without a call", () => {
    const ctx = contextOf(reported({ "LocalAuthListCtrlr.Entries": { maxLimit: 500 } }));
    const keys = ["NumberOfConnectors", "LocalAuthListMaxLength", "MaxChargingProfilesInstalled"];
    const { sent, answer } = run("ocpp2.0.1", read(...keys), [], ctx);
    expect(sent).toEqual([]);
    expect(answer).toMatchObject({
      configurationKey: [
        { key: "NumberOfConnectors", readonly: true, value: "2" },
        { key: "LocalAuthListMaxLength", readonly: true, value: "500" },
      ],
      unknownKey: ["MaxChargingProfilesInstalled"],
    });
  });

  it.each(["AuthorizationKey", "SecurityCtrlr.BasicAuthPassword", "securityctrlr.basicauthpassword"])(
    "never returns the value of %s, even when the station does",
    (key) => {
      const result = row("SecurityCtrlr.BasicAuthPassword", {
        attributeStatus: "Accepted",
        attributeValue: "hunter2",
      });
      const { answer } = run("ocpp2.0.1", read(key), [{ getVariableResult: [result] }]);
      expect(answer).toMatchObject({ configurationKey: [{ key, readonly: false }] });
      expect(JSON.stringify(answer)).not.toContain("hunter2");
    },
  );

  it("reads everything by a full report and waits for its rows", () => {
    const rows = [
      row("A.B", {
        variableAttribute: [
          { type: "Target", value: "9" },
          { value: "1", mutability: "ReadOnly" },
        ],
      }),
      row("A.W", { variableAttribute: [{ value: "x", mutability: "WriteOnly" }] }),
      row("SecurityCtrlr.BasicAuthPassword", { variableAttribute: [{ value: "hunter2" }] }),
    ];
    const { sent, answer } = run("ocpp2.0.1", read(), [{ status: "Accepted" }], contextOf(), rows);
    expect(sent).toEqual([["GetBaseReport", { requestId: 17, reportBase: "FullInventory" }]]);
    expect(answer).toMatchObject({
      configurationKey: [
        { key: "A.B", readonly: true, value: "1" },
        { key: "A.W", readonly: false },
        { key: "SecurityCtrlr.BasicAuthPassword", readonly: false },
      ],
    });
    expect(JSON.stringify(answer)).not.toMatch(/hunter2|"x"/);
  });

  it("does not wait for a report that the station refused", () => {
    const { answer } = run("ocpp2.1", read(), [{ status: "NotSupported" }]);
    expect(answer).toMatchObject({ configurationKey: [], unknownKey: [], ocppStatus: "NotSupported" });
  });
});

describe("writing configuration", () => {
  const write = (key: string, value = "1") => ({ kind: "changeConfiguration" as const, key, value });

  it.each(["Accepted", "Rejected", "RebootRequired", "NotSupported"])(
    "returns %s of 1.6 unchanged",
    (status) => {
      const { answer } = run("ocpp1.6", write("HeartbeatInterval"), [{ status }]);
      expect(answer).toEqual({ kind: "configurationChange", status, ocppStatus: status, statusInfo: null });
    },
  );

  it.each([
    ["Accepted", "Accepted"],
    ["Rejected", "Rejected"],
    ["RebootRequired", "RebootRequired"],
    ["UnknownComponent", "NotSupported"],
    ["UnknownVariable", "NotSupported"],
    ["NotSupportedAttributeType", "NotSupported"],
  ])("tells %s of 2.x as %s", (word, status) => {
    const result = row("OCPPCommCtrlr.HeartbeatInterval", { attributeStatus: word });
    const { answer } = run("ocpp2.0.1", write("HeartbeatInterval"), [{ setVariableResult: [result] }]);
    expect(answer).toMatchObject({ status, ocppStatus: word });
  });

  it("sends nothing for a name that is unknown on 2.x", () => {
    const { sent, answer } = run("ocpp2.0.1", write("Nonsense"), []);
    expect(sent).toEqual([]);
    expect(answer).toMatchObject({ status: "NotSupported", ocppStatus: null });
    expect(run("ocpp2.0.1", write("NumberOfConnectors"), []).answer).toMatchObject({ status: "Rejected" });
  });

  it("writes several keys on 1.6 one after the other", () => {
    const entries = [
      { key: "A", value: "1" },
      { key: "B", value: "2" },
    ];
    const answers = [{ status: "Accepted" }, { status: "RebootRequired" }];
    const { sent, answer } = run("ocpp1.6", { kind: "changeConfigurations", entries }, answers);
    expect(sent.map(([, payload]) => payload)).toEqual(entries);
    expect(answer).toMatchObject({
      results: [
        { key: "A", status: "Accepted" },
        { key: "B", status: "RebootRequired" },
      ],
    });
  });

  it("writes several keys on 2.x in few messages, never the same variable twice in one", () => {
    const keys = ["A.B", "Nonsense", "A.C", "a.b", "A.D"];
    const entries = keys.map((key, index) => ({ key, value: String(index) }));
    const answers = [
      {
        setVariableResult: [
          row("A.C", { attributeStatus: "Rejected" }),
          row("A.B", { attributeStatus: "Accepted" }),
        ],
      },
      {
        setVariableResult: [
          row("A.B", { attributeStatus: "RebootRequired" }),
          row("A.D", { attributeStatus: "Accepted" }),
        ],
      },
    ];
    const { sent, answer } = run("ocpp2.0.1", { kind: "changeConfigurations", entries }, answers);
    const values = sent.map(([, { setVariableData }]) =>
      (setVariableData as JsonObject[]).map((item) => item.attributeValue),
    );
    expect(values).toEqual([
      ["0", "2"],
      ["3", "4"],
    ]);
    const statuses = answer?.kind === "configurationChanges" && answer.results.map(({ status }) => status);
    expect(statuses).toEqual(["Accepted", "NotSupported", "Rejected", "RebootRequired", "Accepted"]);
  });
});

describe("secret keys", () => {
  it.each([
    "AuthorizationKey",
    "authorizationkey",
    "SecurityCtrlr.BasicAuthPassword",
    "SecurityCtrlr[x]#1.BasicAuthPassword[y]",
  ])("%s is a secret with its own way in", (key) => {
    expect(isSecretKey(key)).toBe(true);
    expect(guardOf(key)).toBe("credential");
  });

  it.each(["SecurityProfile", "SecurityCtrlr.SecurityProfile"])("%s is guarded but not a secret", (key) => {
    expect(isSecretKey(key)).toBe(false);
    expect(guardOf(key)).toBe("securityProfile");
  });

  it("does not mask other keys", () => {
    expect(guardOf("HeartbeatInterval")).toBeNull();
  });
});

describe("what a 2.x station answers to a write", () => {
  const write = { kind: "changeConfiguration" as const, key: "Connector#1/1.Enabled", value: "true" };

  it("is used, even when it repeats the address without its EVSE", () => {
    const result = row("Connector.Enabled", { attributeStatus: "Accepted" });
    const { answer } = run("ocpp2.0.1", write, [{ setVariableResult: [result] }]);
    expect(answer).toMatchObject({ status: "Accepted", ocppStatus: "Accepted" });
  });

  it("is an invalid answer when it leaves out what was asked", () => {
    const others = ["A.B", "A.C"].map((key) => row(key, { attributeStatus: "Accepted" }));
    const { end } = run("ocpp2.0.1", write, [{ setVariableResult: others }]);
    expect(end.kind).toBe("invalidAnswer");
  });

  it("is requested in messages of the size that the station reports", () => {
    const entries = ["A.A", "A.B", "A.C"].map((key) => ({ key, value: "1" }));
    const limit = {
      getVariableResult: [
        itemsPerMessage("SetVariables", { attributeStatus: "Accepted", attributeValue: "2" }),
      ],
    };
    const accepted = (keys: string[]) => ({
      setVariableResult: keys.map((key) => row(key, { attributeStatus: "Accepted" })),
    });
    const command = { kind: "changeConfigurations" as const, entries };
    const answers = [limit, accepted(["A.A", "A.B"]), accepted(["A.C"])];
    const { sent, answer } = run("ocpp2.1", command, answers, limited(null));
    expect(sent.map(([action]) => action)).toEqual(["GetVariables", "SetVariables", "SetVariables"]);
    expect(answer).toMatchObject({ results: entries.map(({ key }) => ({ key, status: "Accepted" })) });
  });
});
