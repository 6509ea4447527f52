import { expect, test } from "vitest";
import { costResults, eventCost } from "../../bench/cost/cost-results.ts";
import { MEASURED, type Samples } from "../../bench/cost/cost-scenario.ts";
import { costTable } from "../../bench/cost/cost-table.ts";
import type { Window } from "../../bench/cost/metered-session.ts";

const awake = (changed: Partial<Window> = {}): Window => ({
  events: ["webSocketMessage"],
  requests: 0.05,
  rows: 5,
  alarms: 1,
  waited: [1000, 25, 25],
  cleared: [8500],
  sql: 1,
  awakeMs: 1050,
  ...changed,
});

function samplesOf(version: Samples["version"], heartbeat: Window): Samples {
  const events = Object.fromEntries(MEASURED.map((name) => [name, [[awake()], [awake()]]]));
  const dropped = { windows: [awake({ rows: 500 })], frames: 500 };
  const bytes = { first: 40_000, last: 140_000, frames: 500 };
  return {
    version,
    events: { ...(events as unknown as Samples["events"]), heartbeat: [[heartbeat]], livenessAlarm: [] },
    dropped,
    bytes,
  };
}

const RESULTS = costResults([
  samplesOf("ocpp1.6", awake({ rows: 4 })),
  samplesOf("ocpp2.0.1", awake({ rows: 5 })),
]);

const EVENTS = [
  "connect",
  "boot_notification",
  "heartbeat_first_15_minutes",
  "heartbeat",
  "liveness_alarm",
  "status_notification",
  "authorize",
  "start",
  "meter_values",
  "charging_alarm",
  "stop",
  "command",
  "disconnect",
  "dropped_frame",
];

test("the JSON line names rows, alarms, timers, SQL and awake ms of every event, and both prices", () => {
  const line = JSON.parse(JSON.stringify(RESULTS)) as Record<string, unknown>;
  const counts = { rows: expect.any(Number), alarms: expect.any(Number), timers: expect.any(Number) };
  for (const event of EVENTS)
    expect(line[event]).toMatchObject({ ...counts, sql: expect.any(Number), awake_ms: expect.any(Number) });
  expect(line).toMatchObject({ usd_per_charger_month: expect.any(Number), usd_idle: expect.any(Number) });
  expect(Object.keys(line["by_version"] as object)).toEqual(["ocpp1.6", "ocpp2.0.1"]);
});

test("figures outside by_version are the mean of both versions", () => {
  expect(RESULTS.heartbeat.rows).toBe(4.5);
  expect(RESULTS.by_version["ocpp2.0.1"]?.heartbeat.rows).toBe(5);
  const [v16, v201] = Object.values(RESULTS.by_version);
  expect(RESULTS.usd_idle).toBeCloseTo(((v16?.month_idle.usd ?? 0) + (v201?.month_idle.usd ?? 0)) / 2, 9);
});

test("a poll that starts the same timer again and again counts as one timer, and a cleared one counts too", () => {
  expect(eventCost([[awake()]])).toMatchObject({ timers: 3, waited_ms: [25, 1000] });
});

test("an event may wake its object more than once: all of it counts", () => {
  expect(eventCost([[awake(), awake({ rows: 1 })]])).toMatchObject({ rows: 6, awake_ms: 2100, samples: 1 });
});

test("an event that never happened costs nothing and is no division by zero", () => {
  expect(RESULTS.liveness_alarm).toMatchObject({ rows: 0, awake_ms: 0, samples: 0, per_heartbeat: 0 });
});

test("what it takes to drop old frames is spread over them", () => {
  expect(RESULTS.dropped_frame).toMatchObject({ rows: 1, awake_ms: 2.1 });
  expect(RESULTS.bytes_per_frame).toBe(200);
});

test("the table sets runs side by side, and versions only where they differ", () => {
  const run = { label: "before", commit: "abc", startedAt: "2026-01-01", machine: "a", results: RESULTS };
  const table = costTable([run, { ...run, label: "after" }]);
  expect(table).toContain("| Heartbeat, later | 4 / 5 → 4 / 5 | 1 → 1 |");
  expect(table).toContain("| alarm of an idle charger | never → never |");
});
