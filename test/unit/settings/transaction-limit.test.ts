import { describe, expect, test } from "vitest";
import type { ChargerCommand } from "../../../src/ocpp/commands.ts";
import type { CommandOutcome } from "../../../src/ports.ts";
import { validatorsOf } from "../ocpp/validators-of.ts";
import { scene, stationError, word } from "./scene.ts";

const LAYERED = { maxChargeCurrent: 16, maxChargePhases: 3, offlineChargeCurrent: 10 };
const running = (transactionId: number, evseId = 1) => ({ transactions: [{ transactionId, evseId }] });
const inForce = { outcome: "emulated" as const };

const isLimit = (command: ChargerCommand) => JSON.stringify(command).includes('"TxProfile"');
const refusing = (outcome: CommandOutcome) => (command: ChargerCommand) => {
  if (isLimit(command)) return outcome;
  return "action" in command && command.action === "GetCompositeSchedule"
    ? stationError("NotSupported")
    : word("Accepted");
};

describe("a transaction that runs on a 1.6 station", () => {
  test("gets the online limit as a profile of its own, for as long as the lease, after the layers and before removals", async () => {
    const { apply, commands, profiles } = scene({
      desired: LAYERED,
      station: { installed: { max: "old" } },
      snapshot: running(12345),
    });
    await apply();
    expect(profiles()).toEqual(["+9002", "+9003", "+9101", "-9001"]);
    const payload = {
      connectorId: 1,
      csChargingProfiles: {
        chargingProfileId: 9101,
        transactionId: 12345,
        stackLevel: 0,
        chargingProfilePurpose: "TxProfile",
        chargingProfileKind: "Absolute",
        validTo: "2026-11-21T10:30:00Z",
        chargingSchedule: {
          startSchedule: "2026-11-21T00:00:00Z",
          chargingRateUnit: "A",
          chargingSchedulePeriod: [{ startPeriod: 0, limit: 16, numberPhases: 3 }],
        },
      },
    };
    expect(commands.find(isLimit)).toEqual({ kind: "call", action: "SetChargingProfile", payload });
    expect(validatorsOf("ocpp1.6").request("SetChargingProfile", payload)).toBeNull();
  });

  test("gets it on each connector of a station with several, without an end when there is no lease", async () => {
    const transactions = [...running(7, 1).transactions, ...running(8, 2).transactions];
    const { apply, commands, profiles } = scene({
      desired: { maxChargeCurrent: 16 },
      numberOfConnectors: 2,
      snapshot: { transactions },
    });
    await apply();
    expect(profiles()).toEqual(["+9001", "+9101", "+9102"]);
    expect(JSON.stringify(commands.filter(isLimit))).not.toContain("validTo");
  });

  test("gets none where the maximum of the station limits it, nor on 2.0.1", async () => {
    const single = scene({ desired: { maxChargeCurrent: 16 }, snapshot: running(1) });
    await single.apply();
    expect(single.profiles()).toEqual(["+9001"]);
    const newer = scene({ desired: LAYERED, snapshot: { ...running(1), version: "ocpp2.0.1" } });
    await newer.apply();
    expect(newer.profiles()).toEqual(["+9002", "+9003"]);
  });

  test("is renewed with the lease, and loses its limit with the layers", async () => {
    const first = scene({ desired: LAYERED, snapshot: running(5) });
    await first.apply();
    const known = first.records.at(-1)?.station ?? {};
    const renewed = scene({
      desired: LAYERED,
      states: inForce,
      station: { ...known, leaseUntilMs: Date.parse("2026-11-21T10:20:00Z") },
      snapshot: running(5),
    });
    await renewed.apply();
    expect(renewed.profiles()).toEqual(["+9003", "+9101"]);
    const left = scene({
      desired: { ...LAYERED, offlineChargeCurrent: -1 },
      station: known,
      snapshot: running(5),
    });
    await left.apply();
    expect(left.profiles()).toEqual(["+9001", "-9101", "-9003", "-9002"]);
    expect(left.records.at(-1)?.station.limits).toEqual({});
  });

  test("that began under a lease loses the limit that the session may have renewed; after its end nothing is sent", async () => {
    const first = scene({ desired: LAYERED, snapshot: running(5) });
    await first.apply();
    const station = first.records.at(-1)?.station ?? {};
    const desired = { ...LAYERED, offlineChargeCurrent: -1 };
    const next = scene({ desired, station, snapshot: running(6) });
    await next.apply();
    expect(next.profiles()).toEqual(["+9001", "-9101", "-9003", "-9002"]);
    const ended = scene({ desired, station });
    await ended.apply();
    expect(ended.profiles()).toEqual(["+9001", "-9003", "-9002"]);
  });

  test("that refuses its limit does not make the settings refused, and the result says so", async () => {
    const { apply, records, profiles } = scene({
      desired: LAYERED,
      station: { installed: { max: "old" } },
      snapshot: running(5),
      answer: refusing(word("Rejected")),
    });
    expect(await apply()).toBeNull();
    expect(profiles()).toEqual(["+9002", "+9003", "+9101", "-9001"]);
    expect(records.at(-1)?.results["maxChargeCurrent"]).toMatchObject({
      outcome: "applied",
      verified: false,
      detail: "A running transaction may keep its limit; in force from the next one",
    });
  });

  test("is sent again, alone, when its answer is lost", async () => {
    const lost = scene({
      desired: LAYERED,
      snapshot: running(5),
      answer: refusing({ kind: "timeout", sent: true }),
    });
    expect(await lost.apply()).toBe(5);
    const again = scene({
      desired: LAYERED,
      station: { ...lost.records.at(-1)?.station, leaseUntilMs: Date.parse("2026-11-21T10:30:00Z") },
      snapshot: running(5),
    });
    await again.apply();
    expect(again.profiles()).toEqual(["+9101"]);
  });

  test("gets one phase only if the station can switch to it", async () => {
    const desired = { ...LAYERED, maxChargePhases: 1 };
    const able = { ConnectorSwitch3to1PhaseSupported: "true" };
    for (const [configuration, phases, detail] of [
      [{}, undefined, "A running transaction keeps its phases; in force from the next one"],
      [able, 1, null],
    ] as const) {
      const { apply, commands, records } = scene({ desired, configuration, snapshot: running(5) });
      await apply();
      const limit = JSON.stringify(commands.find(isLimit));
      expect(/"numberPhases":(\d)/.exec(limit)?.[1]).toBe(phases?.toString());
      expect(records.at(-1)?.results["maxChargePhases"]).toMatchObject({ outcome: "applied", detail });
    }
  });
});

test("a station with room for one profile does not get two layers", async () => {
  const { apply, profiles, records } = scene({
    desired: LAYERED,
    configuration: { MaxChargingProfilesInstalled: "1" },
  });
  await apply();
  expect(profiles()).toEqual(["+9001"]);
  expect(records.at(-1)?.results["offlineChargeCurrent"]).toMatchObject({ outcome: "unsupported" });
});
