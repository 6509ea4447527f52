import { describe, expect, it } from "vitest";
import { needText, optionalText } from "../../../src/ocpp/payload.ts";
import { needsOf } from "../../../src/ocpp/routing.ts";

describe("a text of a station", () => {
  it("is cut at its maximum length, never inside a character", () => {
    expect(needText({ text: "abcdef" }, "text", 3)).toBe("abc");
    expect(optionalText({ text: "abc" }, "text", 3)).toBe("abc");
    expect(optionalText({ text: "ab\u{1f50c}" }, "text", 3)?.isWellFormed()).toBe(true);
  });

  it("that identifies a person is looked up as it is stored", () => {
    const frame = { kind: "call" as const, id: "m" };
    const tag = { ...frame, action: "Authorize", payload: { idTag: "t".repeat(100) } };
    expect(needsOf(tag, "ocpp1.6").idTags).toEqual(["t".repeat(36)]);
    const idToken = { idToken: "t".repeat(300), type: "Central" };
    const token = { ...frame, action: "Authorize", payload: { idToken } };
    expect(needsOf(token, "ocpp2.1").idTags).toEqual(["t".repeat(255)]);
  });
});
