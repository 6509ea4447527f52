import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OCPP_VERSIONS } from "../../../src/ocpp/version.ts";
import type { StationEvent } from "../../../src/ocpp/station-event.ts";
import {
  type Car,
  energyUntil,
  powerAt,
  powerCurve,
  timeOfEnd,
  timeOfEnergy,
} from "../../../src/simulator/station/car.ts";
import { StationUnderTest } from "./station-under-test.ts";

const HOUR_MS = 3_600_000;
const cars = fc.record<Car>({
  capacityWh: fc.integer({ min: 1_000, max: 120_000 }),
  storedWh: fc.integer({ min: 0, max: 130_000 }),
  maxW: fc.integer({ min: 0, max: 400_000 }),
  isIdle: fc.boolean(),
  stays: fc.boolean(),
});
const limits = fc.integer({ min: 0, max: 400_000 });

describe("the power of any car", () => {
  test("is within what it and the station allow, and its energy never falls nor overfills the battery", () => {
    fc.assert(
      fc.property(cars, limits, fc.array(fc.integer({ min: 0, max: 48 * HOUR_MS })), (car, limitW, times) => {
        const curve = powerCurve(car, limitW, 0, 0);
        let before = 0;
        for (const atMs of times.toSorted((a, b) => a - b)) {
          const watts = powerAt(curve, atMs);
          expect(watts).toBeGreaterThanOrEqual(0);
          expect(watts).toBeLessThanOrEqual(Math.min(limitW, car.maxW));
          const wh = energyUntil(curve, atMs);
          expect(wh).toBeGreaterThanOrEqual(before);
          expect(wh).toBeLessThanOrEqual(Math.max(0, car.capacityWh - car.storedWh) + 0.001);
          before = wh;
        }
      }),
    );
  });

  test("delivers the same however often the meter is looked at", () => {
    const hour = fc.integer({ min: 1, max: HOUR_MS });
    fc.assert(
      fc.property(cars, limits, fc.array(hour, { maxLength: 20 }), (car, limitW, looks) => {
        const whole = energyUntil(powerCurve(car, limitW, 0, 0), HOUR_MS);
        let [atMs, storedWh] = [0, car.storedWh];
        for (const nextMs of [...looks.toSorted((a, b) => a - b), HOUR_MS]) {
          storedWh += energyUntil(powerCurve({ ...car, storedWh }, limitW, 0, atMs), nextMs);
          atMs = nextMs;
        }
        expect(storedWh - car.storedWh).toBeCloseTo(whole, 3);
      }),
    );
  });

  test("reaches an energy at the time that was said, and is 0 once the battery is full", () => {
    fc.assert(
      fc.property(cars, limits, fc.integer({ min: 0, max: 130_000 }), (car, limitW, wh) => {
        const curve = powerCurve(car, limitW, 0, 0);
        const atMs = timeOfEnergy(curve, wh);
        if (atMs !== null) expect(energyUntil(curve, atMs)).toBeCloseTo(wh, 3);
        const endMs = timeOfEnd(curve);
        if (endMs !== null) expect(powerAt(curve, endMs)).toBe(0);
      }),
    );
  });
});

const connectorId = fc.constantFrom(1, 2);
const events: fc.Arbitrary<StationEvent> = fc.oneof(
  fc.record({
    kind: fc.constantFrom(
      "plug",
      "unplug",
      "stop_session",
      "ev_requests_energy",
      "ev_stops_energy",
      "clear_fault",
    ),
    connectorId,
  }) as fc.Arbitrary<StationEvent>,
  fc.record({
    kind: fc.constant("start_session" as const),
    connectorId,
    idToken: fc.constantFrom("TAG", "OTHER"),
    durationSeconds: fc.option(fc.integer({ min: 1, max: 7_200 })),
    targetEnergyWh: fc.option(fc.integer({ min: 1, max: 30_000 })),
  }),
  fc.record({
    kind: fc.constant("start_transaction" as const),
    connectorId,
    idToken: fc.constant("TAG"),
    meterStartWh: fc.constant(null),
  }),
  fc.record({
    kind: fc.constant("stop_transaction" as const),
    connectorId,
    transactionId: fc.constant(null),
    reason: fc.constantFrom("Local", "EmergencyStop", "PowerLoss"),
  }),
  fc.record({ kind: fc.constant("power_update" as const), connectorId, powerW: limits }),
  fc.record({
    kind: fc.constant("inject_fault" as const),
    connectorId,
    faultType: fc.constantFrom("GroundFailure", "OtherError"),
    info: fc.constant(null),
  }),
);
type Move = { event: StationEvent } | { pass: number } | "powerCut" | "disconnect";
const moves = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: events.map((event): Move => ({ event })) },
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 3_600 }).map((pass): Move => ({ pass })) },
    { weight: 1, arbitrary: fc.constantFrom<Move>("powerCut", "disconnect") },
  ),
  { minLength: 5, maxLength: 40 },
);

/** Lets time pass, with every timer in its turn and every CALL answered. */
function passes(station: StationUnderTest, seconds: number): void {
  const untilMs = station.nowMs + seconds * 1_000;
  station.answerAll();
  for (let fired = 0; fired < 500; fired++) {
    const [next] = [...station.timers].toSorted(([, a], [, b]) => a - b);
    if (!next || next[1] > untilMs) break;
    station.fire(next[0]);
    if (station.state.link === "dialing") station.input({ kind: "connected" });
    station.answerAll();
  }
  station.nowMs = Math.max(station.nowMs, untilMs);
}

function play(station: StationUnderTest, move: Move): void {
  if (move === "powerCut") {
    station.input({ kind: "powerOff" });
    station.boot();
  } else if (move === "disconnect") station.input({ kind: "disconnected" });
  else if ("pass" in move) passes(station, move.pass);
  else station.happen(move.event);
  station.answerAll();
}

describe.each(OCPP_VERSIONS)("whatever drivers, cars and faults do at a %s station", (version) => {
  test("its meters never fall, and every transaction that began ends once", () => {
    let ended = 0;
    fc.assert(
      fc.property(moves, (list) => {
        const station = StationUnderTest.booted(version);
        let before: Readonly<Record<number, number>> = {};
        for (const move of list) {
          play(station, move);
          const { metersWh } = station.state.memory;
          for (const [id, wh] of Object.entries(before))
            expect(metersWh[Number(id)]).toBeGreaterThanOrEqual(wh);
          before = metersWh;
        }
        passes(station, 600);
        for (const id of [1, 2]) station.happen({ kind: "unplug", connectorId: id });
        passes(station, 600);
        const { begun, stopped } = sessionsOf(station);
        expect([station.state.memory.charges, begun]).toEqual([{}, stopped]);
        ended += stopped;
      }),
      { numRuns: 100 },
    );
    expect(ended).toBeGreaterThan(0);
  });
});

/** How many transactions were told to have begun and ended. */
function sessionsOf(station: StationUnderTest) {
  const kinds = station.calls().map(({ action, payload }) => payload["eventType"] ?? action);
  const count = (...words: string[]) => kinds.filter((kind) => words.includes(String(kind))).length;
  return { begun: count("StartTransaction", "Started"), stopped: count("StopTransaction", "Ended") };
}
