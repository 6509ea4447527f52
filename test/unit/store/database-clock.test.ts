import { expect, test } from "vitest";
import { DatabaseClock } from "../../../src/store/database-clock.ts";

test("a converted time is never later than the database's clock", () => {
  const clock = new DatabaseClock();
  expect(clock.isKnown).toBe(false);
  // The database is 500 ms ahead; its answer took 200 ms to come.
  clock.observe(1600, 1000, 1300);
  expect(clock.isKnown).toBe(true);
  expect(clock.at(2000)).toBe(2300);
  expect(clock.at(2000)).toBeLessThanOrEqual(2500);
});

test("every exchange narrows the bounds, and a slow one does not widen them", () => {
  const clock = new DatabaseClock();
  clock.observe(1600, 1000, 1300);
  clock.observe(2510, 2000, 2020);
  expect(clock.at(3000)).toBe(3490);
  clock.observe(9000, 4000, 9000);
  expect(clock.at(3000)).toBe(3490);
});

test("a clock that was set is measured again with the next exchange", () => {
  const clock = new DatabaseClock();
  clock.observe(1500, 1000, 1000);
  clock.observe(1200, 2000, 2010);
  expect(clock.at(3000)).toBe(2190);
  clock.observe(9000, 3000, 3010);
  expect(clock.at(3000)).toBe(8990);
});
