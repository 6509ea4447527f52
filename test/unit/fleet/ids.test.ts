import { expect, test } from "vitest";
import { systemIds } from "../../../src/fleet/ids.ts";

test("ids are UUIDs of version 7 that grow and never repeat, over the end of a block too", () => {
  const ids = Array.from({ length: 20_000 }, () => systemIds.uuid());
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toEqual(ids.toSorted());
  for (const id of ids)
    if (!/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))
      expect(id).toBe("");
});

test("an id carries the time it was made", () => {
  const before = Date.now();
  const made = Number.parseInt(systemIds.uuid().replaceAll("-", "").slice(0, 12), 16);
  expect(made).toBeGreaterThanOrEqual(before);
  expect(made).toBeLessThan(before + 5000);
});

test.each([0, 1, 4, 20, 10_000])("%i random bytes are so many, and new each time", (bytes) => {
  const text = systemIds.hex(bytes);
  expect(text).toMatch(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));
  if (bytes >= 4) expect(systemIds.hex(bytes)).not.toBe(text);
});

test("every byte value occurs", () => {
  const text = systemIds.hex(20_000);
  expect(new Set(text.match(/../g)).size).toBe(256);
});
