import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildValidators, isCurrent, parseSchemaId } from "../../../scripts/build-validators.mjs";
import { loadValidators } from "../../../src/ocpp/validators.ts";
import type { OcppVersion } from "../../../src/ocpp/version.ts";

const profileWithLimit = (limit: number) => ({
  connectorId: 0,
  csChargingProfiles: {
    chargingProfileId: 9001,
    stackLevel: 0,
    chargingProfilePurpose: "ChargePointMaxProfile",
    chargingProfileKind: "Absolute",
    chargingSchedule: { chargingRateUnit: "A", chargingSchedulePeriod: [{ startPeriod: 0, limit }] },
  },
});

describe("loadValidators", () => {
  it.each<[OcppVersion, number]>([
    ["ocpp1.6", 39],
    ["ocpp2.0.1", 64],
    ["ocpp2.1", 91],
  ])("knows every action of %s", async (version, count) => {
    const { actions } = await loadValidators(version);
    expect(actions.size).toBe(count);
    expect(actions.has("BootNotification")).toBe(true);
    expect(actions.has("toString")).toBe(false);
  });

  it("points at the violation without the value", async () => {
    const { request, response } = await loadValidators("ocpp1.6");
    expect(request("Reset", { type: "Soft" })).toBeNull();
    expect(request("Reset", { type: "secret" })).toEqual({ keyword: "enum", pointer: "/type" });
    expect(request("Reset", {})).toEqual({ keyword: "required", pointer: "/type" });
    expect(request("Reset", { type: "Soft", x: 1 })).toEqual({
      keyword: "additionalProperties",
      pointer: "/x",
    });
    expect(request("Heartbeat", [])).toEqual({ keyword: "type", pointer: "" });
    expect(response("Heartbeat", { currentTime: "yesterday" })).toEqual({
      keyword: "format",
      pointer: "/currentTime",
    });
  });

  it("reports an action without a schema as a violation", async () => {
    const { request, response } = await loadValidators("ocpp2.1");
    expect(request("Nonsense", {})).toEqual({ keyword: "action", pointer: "" });
    expect(response("NotifyPeriodicEventStream", {})).toEqual({ keyword: "action", pointer: "" });
    expect(request("constructor", {})).toEqual({ keyword: "action", pointer: "" });
  });

  it("accepts every tenth of an ampere and refuses hundredths", async () => {
    const { request } = await loadValidators("ocpp1.6");
    for (let tenth = 0; tenth <= 320; tenth++) {
      expect(request("SetChargingProfile", profileWithLimit(tenth / 10)), `${tenth / 10} A`).toBeNull();
    }
    expect(request("SetChargingProfile", profileWithLimit(15.75))).toMatchObject({ keyword: "multipleOf" });
  });

  it.each(["2026-02-06T12:00:00Z", "2026-02-06T12:00:00.123456+02:00", "2026-02-06t12:00:00z"])(
    "accepts %s as a date-time",
    async (timestamp) => {
      const { request } = await loadValidators("ocpp1.6");
      const status = { connectorId: 1, errorCode: "NoError", status: "Available", timestamp };
      expect(request("StatusNotification", status)).toBeNull();
    },
  );

  it.each(["2026-02-06T12:00:00", "2026-02-06", "2026-13-06T12:00:00Z", "now"])(
    "refuses %s as a date-time",
    async (timestamp) => {
      const { request } = await loadValidators("ocpp1.6");
      const status = { connectorId: 1, errorCode: "NoError", status: "Available", timestamp };
      expect(request("StatusNotification", status)).toEqual({ keyword: "format", pointer: "/timestamp" });
    },
  );

  it("counts characters, not UTF-16 units, against a length", async () => {
    const { request } = await loadValidators("ocpp1.6");
    expect(request("Authorize", { idTag: "\u{1F50C}".repeat(20) })).toBeNull();
    expect(request("Authorize", { idTag: "\u{1F50C}".repeat(21) })).toMatchObject({ keyword: "maxLength" });
  });
});

describe("build-validators", () => {
  it("compiles modules without eval, once per change of its inputs", async () => {
    const directory = mkdtempSync(join(tmpdir(), "validators-"));
    try {
      expect(await buildValidators(directory)).toBe(true);
      for (const version of ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"]) {
        const code = readFileSync(join(directory, `${version}.js`), "utf8");
        expect(code).not.toMatch(/new Function\(|\beval\(|^import /m);
      }
      expect(await buildValidators(directory)).toBe(false);
      rmSync(join(directory, "ocpp2.1.js"));
      expect(isCurrent(directory)).toBe(false);
      writeFileSync(join(directory, "ocpp2.1.js"), "");
      expect(isCurrent(directory)).toBe(true);
      writeFileSync(join(directory, ".stamp"), "older");
      expect(isCurrent(directory)).toBe(false);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it.each([
    ["urn:Reset.req", "Reset", "requests"],
    ["urn:Reset.conf", "Reset", "responses"],
    ["urn:ResetRequest", "Reset", "requests"],
    ["urn:ResetResponse", "Reset", "responses"],
    ["urn:NotifyPeriodicEventStream", "NotifyPeriodicEventStream", "requests"],
  ])("reads the schema id %s", (id, action, direction) => {
    expect(parseSchemaId(id)).toEqual({ action, direction });
  });
});
