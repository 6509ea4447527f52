import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { writeJson } from "../../dev/stack/write-json.ts";
import { CANDIDATES, benchMode as mode, type Candidate } from "./bench-mode.ts";
import { measureAccepts } from "./measure-accepts.ts";
import { measureMemory } from "./measure-memory.ts";
import { measureRegistrations, registrationRatio } from "./measure-registrations.ts";
import { measureRounds } from "./measure-rounds.ts";
import { deliveriesOf } from "./measured-run.ts";
import { bodyBytes, growth, rateRatio, roundsOf, wallMs } from "./provisioning-ratios.ts";
import { emptyResults, resultsFile } from "./provisioning-results.ts";

const { gates, sizes } = mode;
const results = emptyResults(mode.name, mode.command);
const { ratioMin } = gates;
const judgedRatio = (candidate: Candidate, chargers: number) =>
  rateRatio(results.rounds, chargers, candidate)[mode.judged];
const TIMEOUT_MS = mode.name === "full" ? 3_600_000 : 240_000;

// A missed goal is a result too: it is stored, whatever the expectations say.
afterAll(() => {
  const file = resultsFile(mode.name);
  mkdirSync(dirname(file), { recursive: true });
  writeJson(file, results);
});

test(
  "every batch is accepted in time with one SQL request, one publish and at most one request of the rate limiter",
  async () => {
    results.accepts = await measureAccepts(sizes, mode.accepts);
    for (const accept of results.accepts) {
      expect(accept).toMatchObject({ status: 202, sqlRequests: 1, engineRequests: 1, publishes: 1 });
      expect(accept.redisRequests).toBeLessThanOrEqual(1);
      expect(accept.acceptMs).toBeLessThan(gates.acceptMs(accept.chargers));
    }
  },
  TIMEOUT_MS,
);

test(
  "chargers that are registered one by one keep up with external ones of a batch",
  async () => {
    const measured = await measureRegistrations(sizes[0] ?? 0);
    results.registrations = [measured];
    expect(registrationRatio(measured)).toBeGreaterThanOrEqual(gates.registrationRatioMin);
  },
  TIMEOUT_MS,
);

describe.each(sizes)("a batch of %i chargers", (chargers) => {
  test(
    "is provisioned at the promised share of the rate of empty steps, two deliveries a charger",
    async () => {
      const { rounds } = results;
      const isEnough = () =>
        roundsOf(rounds, chargers).length >= mode.rounds &&
        CANDIDATES.every((candidate) => judgedRatio(candidate, chargers) >= ratioMin[candidate]);
      for await (const round of measureRounds(mode, chargers, isEnough)) rounds.push(round);
      for (const { external, simulated } of roundsOf(rounds, chargers)) {
        expect(external.deliveries).toBe(deliveriesOf(chargers));
        // A station that was not accepted in time takes another delivery.
        expect(simulated.deliveries).toBeLessThanOrEqual(deliveriesOf(chargers) * 1.02);
        for (const run of [external, simulated]) expect(run.acceptMs).toBeLessThan(gates.acceptMs(chargers));
      }
      for (const candidate of CANDIDATES) {
        expect(judgedRatio(candidate, chargers)).toBeGreaterThanOrEqual(ratioMin[candidate]);
      }
    },
    TIMEOUT_MS,
  );

  test(
    "stays in its memory when all its stations are connected, and their sessions sleep when nothing happens",
    async () => {
      const memory = await measureMemory(chargers, { minMs: mode.idleMs, deadlineMs: gates.hibernationMs });
      results.memory.push(memory);
      expect(memory.connected).toBe(chargers);
      expect(memory.peakBytes).toBeLessThan(gates.residentBytes(chargers));
      if (memory.descriptors) expect(memory.descriptors.idleAfterMs).not.toBeNull();
    },
    TIMEOUT_MS,
  );
});

test.runIf(sizes.length > 1)(
  "a charger of the largest batch costs about the time and the bytes of one of the smallest",
  () => {
    for (const side of ["external", "simulated"] as const) {
      expect(growth(results.rounds, side, wallMs)).toBeLessThanOrEqual(gates.growthMax);
      expect(growth(results.rounds, side, bodyBytes)).toBeLessThanOrEqual(gates.growthMax);
    }
  },
);
