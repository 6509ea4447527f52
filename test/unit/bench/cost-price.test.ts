import { expect, test } from "vitest";
import { CHARGING, IDLE, monthOf, type EventUse, type SessionUse } from "../../bench/cost/price-model.ts";

const event = (rows: number, awakeSeconds: number, sql: number, requests = 1 / 20): EventUse => ({
  rows,
  requests,
  awake_ms: awakeSeconds * 1000,
  sql,
});
const NONE = event(0, 0, 0, 0);

/**
 * Measured of OCPP 1.6 before heartbeats were kept with the socket. Rows of an answer that was kept include its later removal;
 * a start opens and closes rows in two tables.
 */
const BEFORE: SessionUse = {
  heartbeat: event(5, 1.053, 1),
  meter_values: event(10.9 + 0.9, 1.09, 2),
  status_notification: event(6 + 1.8, 1.083, 1),
  authorize: event(5, 1.096, 2),
  start: event(13 + 1.8 + 4, 1.215, 2, 0.1),
  stop: event(9 + 1.8, 1.034, 2),
  connect: event(3, 1.088, 1, 1),
  disconnect: event(5, 0.027, 1, 2),
  liveness_alarm: { ...NONE, per_heartbeat: 0 },
  charging_alarm: { ...NONE, per_meter_value: 0 },
  dropped_frame: event(1, 0, 0, 0),
  bytes_per_frame: 0,
  bytes_at_rest: 1_720_000,
};

/** Measured with a prototype: twelve rows and more are saved by heartbeats in the attachment, a lazy alarm and packed frames. */
const PROTOTYPE: SessionUse = {
  heartbeat: event(2 / 48 + 0.02, 0.01, 0),
  meter_values: event(4.9 + 0.92, 0.176, 2),
  status_notification: event(2 + 1.82, 0.06, 1),
  authorize: event(2.02, 0.06, 1),
  start: event(9 + 1.8 + 4, 0.317, 2, 0.1),
  stop: event(5 + 1.8, 0.189, 2),
  connect: event(2, 0.05, 1, 1),
  disconnect: event(6, 0.05, 1, 2),
  liveness_alarm: { ...event(1, 0.012, 0.4, 1), per_heartbeat: 0.5 },
  charging_alarm: { ...event(1, 0.012, 0.4, 1), per_meter_value: 0.1 },
  dropped_frame: NONE,
  bytes_per_frame: 0,
  bytes_at_rest: 1_790_000,
};

test("a charger that wrote 5 rows and was awake for a second with every heartbeat cost $0.148 a month", () => {
  const month = monthOf(BEFORE, CHARGING);
  expect(month.usd).toBeCloseTo(0.14846, 5);
  expect(Math.round(month.rows)).toBe(125_124);
  expect(Math.round(month.awake_s)).toBe(14_301);
  expect(Math.round(month.requests)).toBe(762);
  expect(month.sql).toBe(17_940);
});

test("of that the charger that only idles cost $0.0754", () => {
  const month = monthOf({ ...BEFORE, bytes_at_rest: 1_300_000 }, IDLE);
  expect(month.usd).toBeCloseTo(0.07536, 5);
});

test("the prototype costs $0.0352 a month, and $0.0061 where nothing ever happens", () => {
  const month = monthOf(PROTOTYPE, CHARGING);
  expect(month.usd).toBeCloseTo(0.03521, 4);
  expect(monthOf({ ...PROTOTYPE, bytes_at_rest: 1_300_000 }, IDLE).usd).toBeCloseTo(0.00605, 4);
});

test("each dropped frame counts: an idle charger has two for every heartbeat", () => {
  const without = monthOf({ ...BEFORE, dropped_frame: NONE }, IDLE);
  expect(monthOf(BEFORE, IDLE).rows - without.rows).toBe(2 * IDLE.heartbeats);
});

test("the log is stored for 14 days, and no more than 10,000 frames of it", () => {
  const stored = (profile: typeof IDLE) =>
    monthOf({ ...BEFORE, bytes_at_rest: 0, bytes_per_frame: 100 }, profile).storage_mb;
  expect(stored(IDLE)).toBeCloseTo(0.8064, 6);
  expect(stored(CHARGING)).toBe(1);
});
