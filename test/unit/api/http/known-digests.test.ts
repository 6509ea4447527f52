import { expect, test } from "vitest";
import { KnownDigests } from "../../../../src/api/http/access-state.ts";

test("a key is known for a minute and no longer", () => {
  const digests = new KnownDigests();
  digests.remember("one", "d1", 1_000_000);
  expect(digests.get("one")).toBe("d1");
  digests.remember("two", "d2", 1_070_000);
  expect([digests.get("one"), digests.get("two")]).toEqual([undefined, "d2"]);
});

test("never more than 256 keys are held", () => {
  const digests = new KnownDigests();
  for (let key = 0; key < 1000; key++) digests.remember(String(key), "d", 1_000_000);
  const held = Array.from({ length: 1000 }, (_, key) => digests.get(String(key))).filter(Boolean);
  expect(held.length).toBeLessThanOrEqual(256);
  expect(digests.get("999")).toBe("d");
});
