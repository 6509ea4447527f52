import { expect, test } from "vitest";
import { sharedBatch } from "../../src/shared-batch.ts";

const OPTIONS = { windowMs: 5, itemsMax: 3, patienceMs: 1000 };

/** Doubles numbers, and notes which came together. */
function doubling(options = OPTIONS) {
  const calls: number[][] = [];
  const ask = sharedBatch(async (items: readonly number[]) => {
    calls.push([...items]);
    return items.map((item) => item * 2);
  }, options);
  return { ask, calls };
}

test("simultaneous items are one call, and every caller gets its own result", async () => {
  const { ask, calls } = doubling();
  expect(await Promise.all([ask(1), ask(2), ask(3)])).toEqual([2, 4, 6]);
  expect(calls).toEqual([[1, 2, 3]]);
});

test("later items start another batch when one is full", async () => {
  const { ask, calls } = doubling();
  expect(await Promise.all([1, 2, 3, 4, 5].map(ask))).toEqual([2, 4, 6, 8, 10]);
  expect(calls).toEqual([
    [1, 2, 3],
    [4, 5],
  ]);
});

test("an item that the call refuses fails alone, and the others get their results", async () => {
  const ask = sharedBatch(async (items: readonly number[]) => {
    if (items.includes(2)) throw new Error("refused");
    return items.map((item) => item * 2);
  }, OPTIONS);
  const outcomes = await Promise.allSettled([ask(1), ask(2), ask(3)]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
});

test("a call that never ends delays no caller for longer than its patience", async () => {
  let calls = 0;
  const ask = sharedBatch(
    async (items: readonly number[]) => {
      calls += 1;
      if (calls === 1) await new Promise(() => undefined);
      return items.map((item) => item * 2);
    },
    { ...OPTIONS, patienceMs: 20 },
  );
  expect(await Promise.all([ask(1), ask(2)])).toEqual([2, 4]);
  expect(calls).toBe(3);
});
