import { describe, expect, it } from "vitest";
import { decodeIdentity, isIdentity } from "../../../src/ocpp/identity.ts";

describe("identity", () => {
  it.each(["CHARGER-001", "a", "=*+|@._-9", "x".repeat(48), "..a"])("accepts %j", (text) => {
    expect(isIdentity(text)).toBe(true);
    expect(decodeIdentity(encodeURIComponent(text))).toBe(text);
  });

  it.each([
    "",
    ".",
    "..",
    "*-_",
    "x".repeat(49),
    "a b",
    "a:b",
    "a/b",
    "a\n",
    "\na",
    "a\r",
    "ä",
    "a\u0000",
    "a%",
  ])("refuses %j", (text) => {
    expect(isIdentity(text)).toBe(false);
    expect(decodeIdentity(encodeURIComponent(text))).toBeNull();
  });

  it("decodes exactly once", () => {
    expect(decodeIdentity("CP%2D1")).toBe("CP-1");
    expect(decodeIdentity("CP%252D1")).toBeNull();
    expect(decodeIdentity("%2e%2e")).toBeNull();
  });

  it.each(["%", "%zz", "%C3%28", "%ff"])("refuses %j, which cannot be decoded", (segment) => {
    expect(decodeIdentity(segment)).toBeNull();
  });
});
