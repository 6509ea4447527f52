import { describe, expect, test } from "vitest";
import type { CommandOutcome, Ports, SettingResult, SettingState, SettingsWork } from "../../../src/ports.ts";
import type { ChargerCommand } from "../../../src/ocpp/commands.ts";
import { applySettings } from "../../../src/settings/apply-settings.ts";
import type { DesiredSettings } from "../../../src/settings/desired.ts";
import type { StationMemory } from "../../../src/settings/station-memory.ts";
import { unusedPort } from "../api/fake-ports.ts";

const NOW = new Date("2026-11-21T10:00:00.000Z");

interface Scene {
  desired: DesiredSettings;
  states?: Partial<SettingState>;
  station?: StationMemory;
  online?: boolean;
  answer?: (command: ChargerCommand) => CommandOutcome;
}

const accepted: CommandOutcome = {
  kind: "answered",
  version: "ocpp1.6",
  answer: { kind: "payload", payload: { status: "Accepted" } },
};
const nothingKnown: CommandOutcome = {
  kind: "stationError",
  code: "NotImplemented",
  description: "",
  action: "",
};

function scene({ desired, states = {}, station = {}, online = true, answer = () => accepted }: Scene) {
  const state = { outcome: "pending", reboots: 0, revision: 3, ...states };
  const settings = {
    revision: 3,
    desired,
    states: Object.fromEntries(Object.keys(desired).map((name) => [name, state])),
    station,
    updatedAt: NOW,
  };
  const work = { chargerId: "c", organizationSlug: "o", identity: "i", numberOfConnectors: 1, settings };
  const commands: ChargerCommand[] = [];
  const records: { results: Record<string, SettingResult>; station: StationMemory; nextAt: Date | null }[] =
    [];
  const expected: (number | null)[] = [];
  const ports: Pick<Ports, "settings" | "sessions" | "clock"> = {
    clock: { now: () => NOW },
    settings: {
      ...unusedPort("settings"),
      work: async () => work as unknown as SettingsWork,
      record: async (_id, _revision, results, memory, nextAt) =>
        void records.push({ results, station: memory, nextAt }),
    },
    sessions: {
      ...unusedPort("sessions"),
      expectSettings: async (_ref, revision) => void expected.push(revision),
      snapshot: async () =>
        ({
          online,
          version: "ocpp1.6",
          firmwareVersion: null,
          registrationStatus: "Accepted",
          connectors: [],
        }) as never,
      command: async (_ref, command) => {
        commands.push(command);
        return command.kind === "getConfiguration" ? nothingKnown : answer(command);
      },
    },
  };
  const apply = (tries = 0, revision = 3) =>
    applySettings(ports, { chargerId: "c", revision, generation: null }, tries);
  const actions = () => commands.map((command) => ("action" in command ? command.action : command.kind));
  return { apply, commands, actions, records, expected };
}

describe("a run that applies settings", () => {
  test("leaves them to a newer run", async () => {
    const { apply, commands, records } = scene({ desired: { maxChargeCurrent: 16 } });
    expect(await apply(0, 2)).toBeNull();
    expect([commands, records]).toEqual([[], []]);
  });

  test("leaves a station that is not connected alone and lets its next connection ask", async () => {
    const { apply, commands, records, expected } = scene({
      desired: { maxChargeCurrent: 16 },
      online: false,
    });
    expect(await apply()).toBeNull();
    expect([commands, records, expected]).toEqual([[], [], [3]]);
  });

  test("sends nothing that is in force", async () => {
    const { apply, commands } = scene({ desired: { maxChargeCurrent: 16 }, states: { outcome: "applied" } });
    expect(await apply()).toBeNull();
    expect(commands).toEqual([]);
  });

  test("tries again with a growing pause while nothing is known, and stays pending after the fifth try", async () => {
    const outcomes: CommandOutcome[] = [
      { kind: "timeout", sent: true },
      { kind: "lost", sent: true, reason: "disconnected" },
      { kind: "stationError", code: "InternalError", description: "", action: "" },
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
    const answer = (): CommandOutcome => ({ kind: "stationError", code, description: "", action: "" });
    const { apply, records } = scene({ desired: { maxChargeCurrent: 16 }, answer });
    expect(await apply()).toBeNull();
    expect(records.at(-1)?.results).toMatchObject({ maxChargeCurrent: { outcome } });
  });

  test("takes an internal error as a refusal after the fifth try", async () => {
    const answer = (): CommandOutcome => ({
      kind: "stationError",
      code: "InternalError",
      description: "",
      action: "",
    });
    const { apply, records } = scene({ desired: { maxChargeCurrent: 16 }, answer });
    expect(await apply(4)).toBeNull();
    expect(records.at(-1)?.results).toMatchObject({ maxChargeCurrent: { outcome: "rejected" } });
  });

  test("renews the online layer alone once ten minutes of its lease are over", async () => {
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
});
