import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { startSchedule } from "../../../../dev/stack/schedule.ts";

beforeEach(() => vi.useFakeTimers({ now: Date.UTC(2026, 0, 1, 12, 0, 30) }));
afterEach(() => vi.useRealTimers());

it("the scheduled handler runs at every full minute until it is stopped", async () => {
  const fired: string[] = [];
  const fire = async (_cron: string, scheduledTime: number) =>
    void fired.push(new Date(scheduledTime).toISOString());
  const schedule = startSchedule(fire, ["* * * * *"], () => {});
  await vi.advanceTimersByTimeAsync(100_000);
  expect(fired).toEqual(["2026-01-01T12:01:00.000Z", "2026-01-01T12:02:00.000Z"]);
  schedule.stop();
  await vi.advanceTimersByTimeAsync(300_000);
  expect(fired).toHaveLength(2);
});

it("a failure of the scheduled handler is reported, and it runs again a minute later", async () => {
  const notes: string[] = [];
  const fire = () => Promise.reject(new Error("connection refused"));
  const schedule = startSchedule(fire, ["* * * * *"], (text) => notes.push(text));
  await vi.advanceTimersByTimeAsync(91_000);
  schedule.stop();
  expect(notes).toHaveLength(2);
  expect(notes[0]).toContain("connection refused");
});
