import { beforeEach, describe, expect, test, vi } from "vitest";
import { durableSessions } from "../../../../src/durable/sessions.ts";
import type { ChargerCommand } from "../../../../src/ocpp/commands.ts";
import type { OcppVersion } from "../../../../src/ocpp/version.ts";
import type { SimulatedStation } from "../../../../src/ports.ts";
import { layersOf, profilePayload } from "../../../../src/settings/profiles.ts";
import { DatabaseDouble } from "../session/database-double.ts";
import { eventually, newHost, newStation, testEnv } from "./test-station.ts";

const sessions = durableSessions(testEnv);

beforeEach(() => {
  vi.restoreAllMocks();
  new DatabaseDouble();
});

async function command(station: SimulatedStation, wanted: ChargerCommand): Promise<void> {
  expect(await sessions.command(station, wanted, 5_000)).toMatchObject({ kind: "answered" });
}

/** Amperes by phase that the newest periodic sample of the station shows; null while there is none. */
async function newestCurrents(station: SimulatedStation): Promise<number[] | null> {
  const action = station.version === "ocpp1.6" ? "MeterValues" : "TransactionEvent";
  const query = { startMs: null, endMs: null, action, limit: 20, offset: 0 };
  const page = await sessions.frames(station, query);
  const sent = page?.rows.filter(({ direction }) => direction === "cp_to_csms") ?? [];
  for (const { message } of sent) {
    const amps = currentsOf(JSON.parse(message));
    if (amps.length > 0) return amps;
  }
  return null;
}

function currentsOf(value: unknown): number[] {
  if (Array.isArray(value)) return value.flatMap(currentsOf);
  if (typeof value !== "object" || value === null) return [];
  const { measurand, value: amps } = value as { measurand?: unknown; value?: unknown };
  return measurand === "Current.Import" ? [Number(amps)] : Object.values(value).flatMap(currentsOf);
}

/** What `maxChargeCurrent` and `maxChargePhases` become on the wire. */
function limitProfile(version: OcppVersion, limitA: number, phases: 1 | 3) {
  const effective = {
    onlineLimitA: limitA,
    onlinePhases: phases,
    minA: 0,
    isOfflineSet: false,
    offlineLimitA: 0,
    offlinePhases: undefined,
    offlinePhaseToUse: undefined,
  };
  const target = { version, isMulti: true, endsOffline: false, canChoosePhase: false };
  const { max } = layersOf(effective, target, { limitSet: true });
  if (!max) throw new Error("a limit has a layer");
  return profilePayload(max, version, new Date());
}

describe.each(["ocpp1.6", "ocpp2.0.1", "ocpp2.1"] as const)("a charging %s station", (version) => {
  test("shows a new limit of current and phases in its next meter values", async () => {
    const station = newStation({ version });
    await newHost().start(station, 10_000);
    for (const [key, value] of [
      ["MeterValueSampleInterval", "1"],
      ["MeterValuesSampledData", "Current.Import"],
    ] as const)
      await command(station, { kind: "changeConfiguration", key, value });
    await command(station, { kind: "remoteStart", connectorId: 1, idTag: "TAG", remoteStartId: 900 });
    const before = await eventually(
      () => newestCurrents(station),
      (amps) => amps !== null && amps.length === 3 && Math.max(...amps) > 10,
    );
    expect(before).toHaveLength(3);
    const payload = limitProfile(version, 10, 1);
    await command(station, { kind: "call", action: "SetChargingProfile", payload });
    const after = await eventually(
      () => newestCurrents(station),
      (amps) => amps !== null && Math.max(...amps) <= 10,
    );
    expect(after?.filter((amps) => amps > 0)).toEqual([10]);
  });
});
