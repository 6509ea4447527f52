import { expect, test } from "vitest";
import { isDue, isOpen, type DueContext } from "../../../src/settings/due.ts";
import { NOW } from "./scene.ts";

/** A charger whose interval asked for this many reboots and is not in force. */
function waiting(reboots: number, isReconnect: boolean) {
  const state = {
    outcome: "reboot_required" as const,
    detail: null,
    reboots,
    revision: 1,
    updatedAt: NOW.toISOString(),
  };
  const states = { meterValueInterval: state };
  const settings = { revision: 1, desired: { meterValueInterval: 60 }, states, station: {}, updatedAt: NOW };
  const snapshot = { version: "ocpp1.6" as const, firmwareVersion: null };
  const context = { settings, snapshot, now: NOW, isReconnect } as unknown as DueContext;
  return { isOpen: isOpen(states), isSent: isDue(context).interval };
}

test("a value that waits for a reboot is sent again with the next connection only", () => {
  expect(waiting(0, true)).toEqual({ isOpen: true, isSent: true });
  expect(waiting(0, false)).toEqual({ isOpen: true, isSent: false });
});

test("a value that the station did not keep over three reboots is not sent again", () => {
  expect(waiting(2, true)).toEqual({ isOpen: true, isSent: true });
  expect(waiting(3, true)).toEqual({ isOpen: false, isSent: false });
});
