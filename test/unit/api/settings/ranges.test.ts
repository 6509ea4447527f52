import { describe, expect, it } from "vitest";
import { SETTING_NAMES, type SettingName } from "../../../../src/settings/desired.ts";
import { bearer } from "../access-world.ts";
import { ID, surface, UPDATE } from "./surface.ts";

const TENTHS = Array.from({ length: 321 }, (_, tenths) => tenths / 10);
const INTEGERS = Array.from({ length: 20 }, (_, index) => index - 2);
const BESIDE_CURRENT = [-0.1, -0.000001, 32.000001, 32.1, 33, 1e9, -1e9];
const NO_NUMBERS = ["16", "", "null", true, false, [], [16], {}, { value: 16 }];

/** Of every property what is legal and what is not. */
const TABLE: Record<SettingName, { takes: number[]; refuses: number[] }> = {
  maxChargeCurrent: { takes: [...TENTHS, 15.79, 0.05, 31.999999], refuses: [...BESIDE_CURRENT, -1] },
  maxChargePhases: {
    takes: [1, 3],
    refuses: [...INTEGERS.filter((value) => ![1, 3].includes(value)), 1.5, 2.999],
  },
  minChargeCurrent: { takes: [...TENTHS, 6.04], refuses: [...BESIDE_CURRENT, -1] },
  offlineChargeCurrent: { takes: [...TENTHS, -1], refuses: [...BESIDE_CURRENT, -0.5, -1.1, -2] },
  offlineChargePhase: {
    takes: [0, 1, 2, 4, 7],
    refuses: [...INTEGERS.filter((value) => ![0, 1, 2, 4, 7].includes(value)), 0.5, 6.9],
  },
  meterValueInterval: {
    takes: [0, 1, 59, 60, 900, 3600, 86_400, 2_147_483_647],
    refuses: [-1, -900, 0.5, 899.9, 2_147_483_648, 1e300],
  },
};

describe.each(SETTING_NAMES)("%s", (name) => {
  const { takes, refuses } = TABLE[name];

  it(`is taken with each of its ${takes.length} legal values, and stored as it was given`, async () => {
    const { world, send, merged } = surface();
    for (const value of takes) {
      world.clock.advance(100);
      expect((await send({ [name]: value })).status, String(value)).toBe(200);
      expect(merged.pop()).toMatchObject({ changes: { [name]: value } });
    }
  });

  it("is refused with every other number and with what is no number, and nothing is stored", async () => {
    const { world, send, merged, published } = surface();
    for (const value of [...refuses, ...NO_NUMBERS]) {
      world.clock.advance(100);
      const response = await send({ maxChargePhases: 3, [name]: value });
      const body = (await response.json()) as object;
      expect([response.status, body], JSON.stringify(value)).toMatchObject([
        400,
        { Code: 529, Details: expect.stringContaining(`${name} must be`) },
      ]);
    }
    expect([merged, published]).toEqual([[], []]);
  });
});

describe("a caller who is neither owner nor service", () => {
  it.each(["viewer", "operator"] as const)(
    "is refused as %s with key, gateway token and settings token, and nothing is stored",
    async (role) => {
      const { world, merged, published } = surface();
      const key = await world.apiKey(role);
      const grant = { grant_type: "password", username: key.slice(0, 13), password: key };
      const granted = await world.request("/oauth/token", {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams(grant).toString(),
      });
      const { access_token } = (await granted.json()) as { access_token: string };
      for (const credential of [key, await world.token({ role }), access_token]) {
        const { headers } = bearer(credential, { "content-type": "application/json" });
        const body = JSON.stringify({ maxChargeCurrent: 16 });
        const paths = ["", "/state", "/settings"].map((path) => `/api/chargers/${ID}${path}`);
        const answers = [
          await world.request(UPDATE, { method: "POST", headers, body }),
          ...(await Promise.all(paths.map((path) => world.request(path, { headers })))),
        ];
        for (const answer of answers)
          expect([answer.status, await answer.json()]).toMatchObject([403, { Code: 533, StackTrace: null }]);
      }
      expect([merged, published]).toEqual([[], []]);
    },
  );
});
