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

test("what is asked at the same time is one call, and everybody gets its own answer", async () => {
  const { ask, calls } = doubling();
  expect(await Promise.all([ask(1), ask(2), ask(3)])).toEqual([2, 4, 6]);
  expect(calls).toEqual([[1, 2, 3]]);
});

test("a full batch is left alone: later ones begin another", async () => {
  const { ask, calls } = doubling();
  expect(await Promise.all([1, 2, 3, 4, 5].map(ask))).toEqual([2, 4, 6, 8, 10]);
  expect(calls).toEqual([
    [1, 2, 3],
    [4, 5],
  ]);
});

test("one that the call refuses fails alone: everybody else gets its answer", async () => {
  const ask = sharedBatch(async (items: readonly number[]) => {
    if (items.includes(2)) throw new Error("refused");
    return items.map((item) => item * 2);
  }, OPTIONS);
  const outcomes = await Promise.allSettled([ask(1), ask(2), ask(3)]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
});

test("a call that never ends holds up nobody for longer than its patience", async () => {
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
