import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ErrorCode } from "../../../src/ocpp/error-code.ts";
import {
  encodeCall,
  encodeError,
  encodeResult,
  encodeResultError,
  parseFrame,
} from "../../../src/ocpp/frame.ts";
import type { OcppVersion } from "../../../src/ocpp/version.ts";

const VERSIONS: OcppVersion[] = ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"];

/** The reply per version, in the order of VERSIONS; null is silence. */
function expectReplies(text: string, replies: (unknown[] | null)[]) {
  for (const [index, version] of VERSIONS.entries()) {
    const frame = parseFrame(text, version);
    expect(frame.kind, version).toBe("malformed");
    const reply = frame.kind === "malformed" ? frame.reply : "";
    expect(reply === null ? null : JSON.parse(reply), version).toEqual(replies[index]);
  }
}

const unreadable = [
  [4, "-1", "FormationViolation", "", {}],
  [4, "-1", "RpcFrameworkError", "", {}],
  [4, "-1", "RpcFrameworkError", "", {}],
];

describe("a frame that is malformed", () => {
  it.each([
    "",
    "hello",
    "{}",
    "[]",
    "null",
    "2",
    "[2",
    '["2","a","Heartbeat",{}]',
    "[2]",
    "[2,null]",
    '[2,7,"Heartbeat",{}]',
    '[2,"","Heartbeat",{}]',
    `[2,"${"x".repeat(37)}","Heartbeat",{}]`,
    '[2,"a\uFFFD","Heartbeat",{}]',
  ])("is answered under the id -1 when its own cannot be read: %s", (text) => {
    expectReplies(text, unreadable);
  });

  it.each(['[2,"a","Heartbeat"]', '[2,"a",7,{}]', '[2,"a","Heartbeat",{},{}]'])(
    "is answered under its id when the call has the wrong shape: %s",
    (text) => {
      expectReplies(text, [
        [4, "a", "FormationViolation", "", {}],
        [4, "a", "RpcFrameworkError", "", {}],
        [4, "a", "RpcFrameworkError", "", {}],
      ]);
    },
  );

  it.each(["[]", '"text"', "5", "true", '{"a\uFFFD":1}', '{"a":[{"\uFFFD":1}]}'])(
    "is a format violation when the payload is %s",
    (payload) => {
      expectReplies(`[2,"a","Heartbeat",${payload}]`, [
        [4, "a", "FormationViolation", "", {}],
        [4, "a", "FormatViolation", "", {}],
        [4, "a", "FormatViolation", "", {}],
      ]);
    },
  );

  it("gets an answer to an unknown message type on 2.0.1 only, and does not count elsewhere", () => {
    expectReplies('[9,"a","x",{}]', [null, [4, "a", "MessageTypeNotSupported", "", {}], null]);
    expectReplies("[9]", [null, [4, "-1", "MessageTypeNotSupported", "", {}], null]);
    expect(parseFrame('[9,"a"]', "ocpp2.1")).toEqual({ kind: "malformed", reply: null, counted: false });
    expect(parseFrame('[9,"a"]', "ocpp2.0.1")).toMatchObject({ counted: true });
  });

  it("includes the 2.1 message types on a version that does not have them", () => {
    for (const type of [5, 6]) {
      const text = `[${type},"a","NotifyPeriodicEventStream",{}]`;
      expect(parseFrame(text, "ocpp1.6")).toEqual({ kind: "malformed", reply: null, counted: false });
      const { reply } = parseFrame(text, "ocpp2.0.1") as { reply: string };
      expect(JSON.parse(reply)).toEqual([4, "a", "MessageTypeNotSupported", "", {}]);
    }
  });

  it.each([
    "[3]",
    "[3,7,{}]",
    '[3,"a"]',
    '[3,"a",{},1]',
    '[3,"",{}]',
    "[4]",
    '[4,"a"]',
    '[4,"a",5]',
    '[4,"a","b","c",{},1]',
  ])("is never answered when it is itself an answer: %s", (text) => {
    expectReplies(text, [null, null, null]);
    expect(parseFrame(text, "ocpp1.6")).toMatchObject({ counted: true });
  });

  it.each(["[5]", '[5,"a"]', "[6]", '[6,"a","X"]', '[6,"a",1,{}]', '[6,"a","X",[]]', '[6,7,"X",{}]'])(
    "is never answered on 2.1 when it is a result error or a send: %s",
    (text) => {
      expect(parseFrame(text, "ocpp2.1")).toEqual({ kind: "malformed", reply: null, counted: true });
    },
  );

  it("nests deeper than 32 levels, however much of it there is", () => {
    const nested = (levels: number) =>
      `[2,"a","DataTransfer",{"data":${"[".repeat(levels)}${"]".repeat(levels)}}]`;
    expect(parseFrame(nested(30), "ocpp2.1").kind).toBe("call");
    expectReplies(nested(31), unreadable);
    expectReplies("[".repeat(1_000_000), unreadable);
  });

  it("is not detected because of brackets inside strings", () => {
    const data = `${"[{".repeat(50)}\\"${"[".repeat(50)}\\\\`;
    expect(parseFrame(`[2,"a","DataTransfer",{"vendorId":"${data}"}]`, "ocpp1.6").kind).toBe("call");
  });
});

describe("a frame that can be read", () => {
  it("is a call, a result or an error in every version", () => {
    for (const version of VERSIONS) {
      expect(parseFrame('[2,"a","Reset",{"type":"Soft"}]', version)).toEqual({
        kind: "call",
        id: "a",
        action: "Reset",
        payload: { type: "Soft" },
      });
      expect(parseFrame('[3,"a",{"status":"Accepted"}]', version)).toEqual({
        kind: "result",
        id: "a",
        payload: { status: "Accepted" },
      });
      expect(parseFrame('[4,"a","InternalError","oh",{"x":1}]', version)).toEqual({
        kind: "error",
        id: "a",
        code: "InternalError",
        description: "oh",
        details: { x: 1 },
      });
    }
  });

  it("treats null as an empty payload", () => {
    expect(parseFrame('[2,"a","Heartbeat",null]', "ocpp1.6")).toMatchObject({ kind: "call", payload: {} });
    expect(parseFrame('[3,"a",null]', "ocpp1.6")).toMatchObject({ kind: "result", payload: {} });
  });

  it("may be an error that lacks details or description, in any spelling of its code", () => {
    for (const text of [
      '[4,"a","OccurenceConstraintViolation"]',
      '[4,"a","OccurenceConstraintViolation",null]',
    ]) {
      expect(parseFrame(text, "ocpp2.1")).toEqual({
        kind: "error",
        id: "a",
        code: "OccurenceConstraintViolation",
        description: "",
        details: {},
      });
    }
  });

  it("is a result error or a send on 2.1", () => {
    expect(parseFrame('[5,"a","FormatViolation","",{}]', "ocpp2.1")).toMatchObject({
      kind: "resultError",
      id: "a",
    });
    expect(parseFrame('[6,"a","NotifyPeriodicEventStream",{"id":1}]', "ocpp2.1")).toEqual({
      kind: "send",
      id: "a",
      action: "NotifyPeriodicEventStream",
      payload: { id: 1 },
    });
  });

  it("keeps the odd payload of a result, so that the call ends as an invalid answer", () => {
    expect(parseFrame('[3,"a","hello"]', "ocpp1.6")).toEqual({ kind: "result", id: "a", payload: "hello" });
  });

  it("never throws and never answers anything but a call or an unreadable frame, whatever arrives", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.array(fc.jsonValue()).map((v) => JSON.stringify(v)),
        ),
        (text) => {
          for (const version of VERSIONS) {
            const frame = parseFrame(text, version);
            if (frame.kind !== "malformed" || frame.reply === null) continue;
            const reply = JSON.parse(frame.reply) as unknown[];
            expect(reply).toHaveLength(5);
            expect(reply[0]).toBe(4);
          }
        },
      ),
    );
  });
});

describe("an encoded frame", () => {
  it("is parsed back unchanged", () => {
    const payload = fc.dictionary(
      fc.string().filter((key) => !key.includes("\uFFFD") && key !== "__proto__"),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.uuid(), payload, (id, body) => {
        const roundTrip = { ...body };
        expect(parseFrame(encodeCall(id, "Reset", body), "ocpp2.1")).toMatchObject({
          kind: "call",
          id,
          payload: roundTrip,
        });
        expect(parseFrame(encodeResult(id, body), "ocpp1.6")).toMatchObject({
          kind: "result",
          id,
          payload: roundTrip,
        });
      }),
    );
  });

  it.each<[ErrorCode, string, string]>([
    ["NotImplemented", "NotImplemented", "NotImplemented"],
    ["NotSupported", "NotSupported", "NotSupported"],
    ["InternalError", "InternalError", "InternalError"],
    ["ProtocolError", "ProtocolError", "ProtocolError"],
    ["SecurityError", "SecurityError", "SecurityError"],
    ["FormatViolation", "FormationViolation", "FormatViolation"],
    ["PropertyConstraintViolation", "PropertyConstraintViolation", "PropertyConstraintViolation"],
    ["OccurrenceConstraintViolation", "OccurenceConstraintViolation", "OccurrenceConstraintViolation"],
    ["TypeConstraintViolation", "TypeConstraintViolation", "TypeConstraintViolation"],
    ["GenericError", "GenericError", "GenericError"],
    ["RpcFrameworkError", "FormationViolation", "RpcFrameworkError"],
  ])("spells %s as %s on 1.6 and as %s on 2.x", (code, on16, on2x) => {
    expect(JSON.parse(encodeError("a", code, "why", "ocpp1.6"))).toEqual([4, "a", on16, "why", {}]);
    expect(JSON.parse(encodeError("a", code, "why", "ocpp2.0.1"))).toEqual([4, "a", on2x, "why", {}]);
    expect(JSON.parse(encodeError("a", code, "why", "ocpp2.1"))).toEqual([4, "a", on2x, "why", {}]);
  });

  it("cuts an error description at 255 characters", () => {
    const [, , , description] = JSON.parse(
      encodeError("a", "GenericError", "x".repeat(300), "ocpp1.6"),
    ) as string[];
    expect(description).toHaveLength(255);
    expect(JSON.parse(encodeResultError("a", "FormatViolation", "/status enum"))).toEqual([
      5,
      "a",
      "FormatViolation",
      "/status enum",
      {},
    ]);
  });
});
