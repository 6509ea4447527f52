import { describe, expect, test } from "vitest";
import type { CommandOutcome } from "../../../src/ports.ts";
import { NOW, scene, stationError, word } from "./scene.ts";

describe("a run that applies settings", () => {
  test("does nothing for an older revision", async () => {
    const { apply, commands, records } = scene({ desired: { maxChargeCurrent: 16 } });
    expect(await apply(0, 2)).toBeNull();
    expect([commands, records]).toEqual([[], []]);
  });

  test("sends nothing to a station that is not connected; its next connection starts a run", async () => {
    const { apply, commands, records, expected } = scene({
      desired: { maxChargeCurrent: 16 },
      snapshot: { online: false },
    });
    expect(await apply()).toBeNull();
    expect([commands, records, expected]).toEqual([[], [], [3]]);
  });

  test("sends nothing that is in force", async () => {
    const { apply, commands } = scene({ desired: { maxChargeCurrent: 16 }, states: { outcome: "applied" } });
    expect(await apply()).toBeNull();
    expect(commands).toEqual([]);
  });

  test("tries again with growing pauses while there is no answer, and stays pending after the fifth try", async () => {
    const outcomes: CommandOutcome[] = [
      { kind: "timeout", sent: true },
      { kind: "lost", sent: true, reason: "disconnected" },
      stationError("InternalError"),
    ];
    for (const outcome of outcomes) {
      const { apply, records } = scene({ desired: { maxChargeCurrent: 16 }, answer: () => outcome });
      expect(await apply(0)).toBe(5);
      expect(await apply(3)).toBe(300);
      expect(records.map(({ results }) => results["maxChargeCurrent"]?.outcome)).toEqual([
        "pending",
        "pending",
      ]);
    }
    const silent = scene({
      desired: { maxChargeCurrent: 16 },
      answer: () => ({ kind: "timeout", sent: true }),
    });
    expect(await silent.apply(4)).toBeNull();
    expect(silent.records).toMatchObject([
      { results: { maxChargeCurrent: { outcome: "pending" } }, nextAt: null },
    ]);
  });

  test.each<[string, string]>([
    ["NotImplemented", "unsupported"],
    ["NotSupported", "unsupported"],
    ["SecurityError", "rejected"],
  ])("takes the error %s as %s at once", async (code, outcome) => {
    const answer = () => stationError(code);
    const { apply, records } = scene({ desired: { maxChargeCurrent: 16 }, answer });
    expect(await apply()).toBeNull();
    expect(records.at(-1)?.results).toMatchObject({ maxChargeCurrent: { outcome } });
  });

  test("counts an internal error as a refusal at the fifth try", async () => {
    const answer = () => stationError("InternalError");
    const { apply, records } = scene({ desired: { maxChargeCurrent: 16 }, answer });
    expect(await apply(4)).toBeNull();
    expect(records.at(-1)?.results).toMatchObject({ maxChargeCurrent: { outcome: "rejected" } });
  });

  test("renews only the online limit once ten minutes of its lease are over", async () => {
    const first = scene({ desired: { maxChargeCurrent: 16, offlineChargeCurrent: 10 } });
    await first.apply();
    const station = first.records.at(-1)?.station ?? {};
    expect(station.leaseUntilMs).toBe(NOW.getTime() + 30 * 60_000);
    const inForce = {
      states: { outcome: "emulated" as const },
      desired: { maxChargeCurrent: 16, offlineChargeCurrent: 10 },
    };
    const early = scene({ ...inForce, station: { ...station, leaseUntilMs: NOW.getTime() + 21 * 60_000 } });
    await early.apply();
    expect(early.actions()).toEqual([]);
    const due = scene({ ...inForce, station: { ...station, leaseUntilMs: NOW.getTime() + 20 * 60_000 } });
    await due.apply();
    expect(due.actions().filter((action) => action === "SetChargingProfile")).toHaveLength(1);
    expect(JSON.stringify(due.commands)).toContain('"chargingProfileId":9003');
    expect(due.records.at(-1)?.station.leaseUntilMs).toBe(NOW.getTime() + 30 * 60_000);
  });

  test("stops sending before the deadline of the step, and the next try continues from what was recorded", async () => {
    let nowMs = NOW.getTime();
    const slow = scene({
      desired: { maxChargeCurrent: 16, offlineChargeCurrent: 10, meterValueInterval: 60 },
      now: () => new Date(nowMs),
      answer: () => {
        nowMs += 20_000;
        return word("Accepted");
      },
    });
    expect(await slow.apply()).toBe(5);
    expect(slow.timeouts).toEqual([30_000, 30_000, 20_000, 20_000]);
    expect(slow.actions().at(-1)).toBe("SetChargingProfile");
    const last = slow.records.at(-1);
    expect(last?.results["meterValueInterval"]?.outcome).toBe("applied");
    expect(last?.results["maxChargeCurrent"]?.outcome).toBe("pending");
  });
});
