import { describe, expect, it } from "vitest";
import { eventTime, orderingTime, parseStationTime } from "../../../src/ocpp/station-time.ts";

const now = new Date("2026-05-01T10:00:00Z");

describe("a station's timestamp", () => {
  it.each([
    ["2026-05-01T09:00:00Z", "2026-05-01T09:00:00.000Z"],
    ["2026-05-01T11:00:00+02:00", "2026-05-01T09:00:00.000Z"],
    ["2026-05-01T09:00:00", "2026-05-01T09:00:00.000Z"],
    ["2026-05-01", "2026-05-01T00:00:00.000Z"],
    ["1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"],
  ])("%s is %s", (text, expected) => {
    expect(new Date(parseStationTime(text) ?? Number.NaN).toISOString()).toBe(expected);
  });

  it.each([null, "", "yesterday", "2026-13-01T00:00:00Z", "0000-01-01T00:00:00Z", "1969-12-31T23:59:59Z"])(
    "%j is not valid, and the receive time is used",
    (text) => {
      expect(parseStationTime(text)).toBeNull();
      expect(eventTime(text, now)).toBe(now.toISOString());
      expect(orderingTime(text, now).at).toBe(now.toISOString());
    },
  );
});
