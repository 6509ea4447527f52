import { expect, test } from "vitest";
import { standingRefusals, withRefused } from "../../../../../src/durable/session/storage/refused-tokens.ts";
import { transaction } from "../../../ocpp/station.ts";

const T0 = Date.UTC(2026, 10, 21, 9);
const MINUTE = 60_000;
const refused = withRefused([], "DE-ABC", T0);
const standing = (nowMs: number, ...open: Parameters<typeof transaction>[0][]) => [
  ...standingRefusals(refused, { open: () => open.map(transaction) }, nowMs),
];
const charging = (minutes: number, idTag = "de-abc") => ({
  idTag,
  startedAt: new Date(T0 + minutes * MINUTE).toISOString(),
});

test("a refusal is valid for a quarter of an hour, in which a transaction may begin", () => {
  expect([standing(T0), standing(T0 + 14 * MINUTE), standing(T0 + 15 * MINUTE)]).toEqual([
    ["de-abc"],
    ["de-abc"],
    [],
  ]);
});

test("a refusal is valid as long as the transaction that began with its token, and for no later one", () => {
  const later = T0 + 600 * MINUTE;
  expect(standing(later, charging(2))).toEqual(["de-abc"]);
  expect(standing(later, charging(-1))).toEqual(["de-abc"]);
  expect(standing(later, charging(2, "other"))).toEqual([]);
  expect(standing(later, charging(500))).toEqual([]);
});

test("a token is stored once, with its newest refusal, and the oldest of many are dropped", () => {
  const again = withRefused(refused, "de-abc", T0 + 1);
  expect(again).toEqual([{ token: "de-abc", atMs: T0 + 1 }]);
  const many = Array.from({ length: 40 }, (_, n) => `T${n}`);
  const kept = many.reduce((known, token) => withRefused(known, token, T0), again);
  expect(kept).toHaveLength(16);
  expect(kept.at(-1)?.token).toBe("t39");
});
