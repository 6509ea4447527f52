import { expect, test } from "vitest";
import type { JsonObject } from "../../../src/ocpp/json.ts";
import { clockOffMs } from "../../../src/ocpp/inbound/station-clock.ts";

const NOW_MS = Date.parse("2026-11-21T10:00:00Z");
const said = (action: string, timestamp: string, beforeMs = 0) =>
  clockOffMs({ action, payload: { timestamp } }, NOW_MS, beforeMs);

test("a clock counts as right within a minute; beyond that a status message shows its offset", () => {
  expect(said("StatusNotification", "2026-11-21T09:59:00Z")).toBe(0);
  expect(said("StatusNotification", "2026-11-21T11:01:00+01:00")).toBe(0);
  expect(said("StatusNotification", "2026-11-21T10:01:01Z")).toBe(61_000);
  expect(said("StatusNotification", "2026-11-21T09:00:00Z")).toBe(-3_600_000);
  expect(said("StatusNotification", "2026-11-21T10:00:30Z", 61_000)).toBe(0);
});

test.each(["StartTransaction", "StopTransaction", "TransactionEvent", "SecurityEventNotification"])(
  "%s shows that a clock is ahead or right, but not behind: it may have waited for a connection",
  (action) => {
    expect(said(action, "2026-11-21T08:00:00Z")).toBe(0);
    expect(said(action, "2026-11-21T08:00:00Z", 90_000)).toBe(90_000);
    expect(said(action, "2026-11-21T10:00:00Z", -90_000)).toBe(0);
    expect(said(action, "2026-11-21T10:02:00Z")).toBe(120_000);
  },
);

test("meter values have the time of the newest one", () => {
  const meterValue = ["09:00:00", "10:05:00"].map((time) => ({ timestamp: `2026-11-21T${time}Z` }));
  expect(clockOffMs({ action: "MeterValues", payload: { meterValue } }, NOW_MS, 0)).toBe(300_000);
});

test("a message without a time changes nothing", () => {
  const payloads: JsonObject[] = [
    {},
    { timestamp: 5 },
    { timestamp: "noon" },
    { meterValue: [] },
    { meterValue: [7] },
  ];
  for (const payload of payloads)
    expect(clockOffMs({ action: "StatusNotification", payload }, NOW_MS, 75_000)).toBe(75_000);
});
