import type {
  CommandOutcome,
  Ports,
  SessionSnapshot,
  SettingResult,
  SettingState,
  SettingsWork,
} from "../../../src/ports.ts";
import type { ChargerCommand } from "../../../src/ocpp/commands.ts";
import { applySettings } from "../../../src/settings/apply-settings.ts";
import type { DesiredSettings } from "../../../src/settings/desired.ts";
import type { SettingsLease, StationMemory } from "../../../src/ports.ts";
import { unusedPort } from "../api/fake-ports.ts";

export const NOW = new Date("2026-11-21T10:00:00.000Z");

interface Scene {
  desired: DesiredSettings;
  states?: Partial<SettingState>;
  station?: StationMemory;
  snapshot?: Partial<SessionSnapshot>;
  numberOfConnectors?: number;
  /** What the station says of its configuration; without it it does not say. */
  configuration?: Record<string, string>;
  answer?: (command: ChargerCommand) => CommandOutcome;
  now?: () => Date;
}

export const word = (status: string): CommandOutcome => ({
  kind: "answered",
  version: "ocpp1.6",
  answer: { kind: "payload", payload: { status } },
});
export const stationError = (code: string): CommandOutcome => ({
  kind: "stationError",
  code,
  description: "",
  action: "",
});

function configured(values: Record<string, string> | undefined): CommandOutcome {
  if (!values) return stationError("NotImplemented");
  const configurationKey = Object.entries(values).map(([key, value]) => ({ key, value, readonly: false }));
  const answer = {
    kind: "configuration",
    configurationKey,
    unknownKey: [],
    ocppStatus: null,
    statusInfo: null,
  } as const;
  return { kind: "answered", version: "ocpp1.6", answer };
}

/** One charger whose settings are applied to a station that answers as told. */
export function scene({
  desired,
  states = {},
  station = {},
  answer = () => word("Accepted"),
  ...given
}: Scene) {
  const state = { outcome: "pending", reboots: 0, revision: 3, ...states };
  const settings = {
    revision: 3,
    desired,
    states: Object.fromEntries(Object.keys(desired).map((name) => [name, state])),
    station,
    updatedAt: NOW,
  };
  const { numberOfConnectors = 1 } = given;
  const work = { chargerId: "c", organizationSlug: "o", identity: "i", numberOfConnectors, settings };
  const commands: ChargerCommand[] = [];
  const timeouts: unknown[] = [];
  const records: { results: Record<string, SettingResult>; station: StationMemory; nextAt: Date | null }[] =
    [];
  const expected: (number | null)[] = [];
  const leases: (SettingsLease | null)[] = [];
  const ports: Pick<Ports, "settings" | "sessions" | "clock"> = {
    clock: { now: given.now ?? (() => NOW) },
    settings: {
      ...unusedPort("settings"),
      work: async () => work as unknown as SettingsWork,
      record: async (_id, _revision, results, memory, nextAt) =>
        void records.push({ results, station: memory, nextAt }),
    },
    sessions: {
      ...unusedPort("sessions"),
      noteSettings: async (_ref, note) => {
        expected.push(note.settledFor ? null : note.revision);
        leases.push(note.lease);
        return true;
      },
      snapshot: async () =>
        ({
          online: true,
          version: "ocpp1.6",
          firmwareVersion: null,
          registrationStatus: "Accepted",
          connectors: [],
          transactions: [],
          clockOffMs: 0,
          ...given.snapshot,
        }) as never,
      command: async (_ref, command, timeoutMs) => {
        commands.push(command);
        timeouts.push(timeoutMs);
        return command.kind === "getConfiguration" ? configured(given.configuration) : answer(command);
      },
    },
  };
  const apply = (tries = 0, revision = 3) =>
    applySettings(ports, { chargerId: "c", revision, generation: null }, tries);
  const actions = () => commands.map((command) => ("action" in command ? command.action : command.kind));
  /** What is written with profiles, as action and profile id. */
  const profiles = () =>
    commands.flatMap((command) =>
      "action" in command && command.action.endsWith("ChargingProfile")
        ? [`${command.action === "SetChargingProfile" ? "+" : "-"}${idIn(command.payload)}`]
        : [],
    );
  return { apply, commands, timeouts, actions, profiles, records, expected, leases };
}

function idIn(payload: unknown): string {
  return /"(?:chargingProfileId|id)":(\d+)/.exec(JSON.stringify(payload))?.[1] ?? "";
}
