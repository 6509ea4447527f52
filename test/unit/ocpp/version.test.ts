import { describe, expect, it } from "vitest";
import { negotiate, OCPP_VERSIONS } from "../../../src/ocpp/version.ts";

describe("negotiate", () => {
  it.each([
    ["ocpp1.6", "ocpp1.6"],
    ["ocpp2.0.1, ocpp1.6", "ocpp2.0.1"],
    ["ocpp1.6,ocpp2.0.1", "ocpp1.6"],
    ["ocpp3.0 ,  ocpp2.1", "ocpp2.1"],
    [" ocpp1.6 ", "ocpp1.6"],
  ])("picks the station's first entry that we speak from %j", (offered, chosen) => {
    expect(negotiate(offered, OCPP_VERSIONS)).toBe(chosen);
  });

  it("skips an entry that this charger may not use", () => {
    expect(negotiate("ocpp2.1,ocpp1.6", ["ocpp1.6"])).toBe("ocpp1.6");
  });

  it.each([null, "", ",", "ocpp1.5", "OCPP1.6", "ocpp1.6 ocpp2.0.1"])(
    "finds nothing in common with %j",
    (offered) => {
      expect(negotiate(offered, OCPP_VERSIONS)).toBeNull();
    },
  );
});
