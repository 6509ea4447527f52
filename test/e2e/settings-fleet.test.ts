import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadSecrets } from "../../dev/stack/secrets.ts";
import { engineCounters, type EngineCounters } from "../bench/engine-counters.ts";
import { inParallel } from "../harness/ocpp-station/in-parallel.ts";
import { ObedientStation } from "../harness/ocpp-station/obedient-station.ts";
import { settledSettings } from "../harness/ocpp-station/settings-station.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";

const isFull = process.env["BUSBAR_FULL"] === "1";
const CHARGERS = isFull ? 1000 : 60;
const WIDTH = 16;
const DEADLINE_MS = 120_000;
const TIMEOUT_MS = 600_000;

let stack: RunningStack;
let engine: EngineCounters;
const fleets: ObedientStation[][] = [];
beforeAll(async () => {
  stack = await startStack({ env: { BUSBAR_ENGINE_HOOKS: "1" } });
  const { QSTASH_TOKEN } = loadSecrets(join(stack.dataDirectory, "secrets.json"));
  engine = engineCounters(stack.address("engine"), QSTASH_TOKEN);
});
afterAll(async () => {
  for (const station of fleets.flat()) station.stop();
  await stack.stop();
});

async function bootFleet(chargers: number): Promise<ObedientStation[]> {
  const identities = Array.from({ length: chargers }, (_, index) => `LOOP-${chargers}-${index}`);
  const fleet = await inParallel(identities, WIDTH, (identity) => ObedientStation.booted(stack, identity));
  fleets.push(fleet);
  return fleet;
}

/** What one charger of a fleet costs when the whole fleet is updated, one request after the other. */
async function costOf(fleet: readonly ObedientStation[], meterValueInterval: number) {
  await engine.reset();
  for (const station of fleet) station.received = 0;
  const maxChargeCurrent = meterValueInterval / 100;
  for (const station of fleet) await station.update({ maxChargeCurrent, meterValueInterval });
  await waitFor(
    "every station as it was told",
    () => fleet.every(({ limits }) => limits.at(-1) === maxChargeCurrent),
    DEADLINE_MS,
  );
  const { deliveries } = await engine.drained(fleet.length, DEADLINE_MS);
  for (const { id, values } of fleet) {
    expect(values).toMatchObject({ MeterValueSampleInterval: String(meterValueInterval) });
    expect(await settledSettings(stack, id)).toMatchObject({
      Settings: { MaxChargeCurrent: { Outcome: "applied" }, MeterValueInterval: { Outcome: "applied" } },
    });
  }
  return {
    deliveries: deliveries / fleet.length,
    calls: [...new Set(fleet.map(({ received }) => received))],
  };
}

test(
  `${CHARGERS} chargers that are updated in a loop converge, and none costs more than one of a quarter of them`,
  async () => {
    const few = await costOf(await bootFleet(CHARGERS / 4), 700);
    const fleet = await bootFleet(CHARGERS);
    const first = await costOf(fleet, 700);
    const second = await costOf(fleet, 900);
    // Read, write and read back the interval; set the profile and verify it.
    expect([few.calls, first.calls, second.calls]).toEqual([[5], [5], [5]]);
    expect(first.deliveries).toBeLessThanOrEqual(few.deliveries);
    expect(second.deliveries).toBeLessThanOrEqual(few.deliveries);
  },
  TIMEOUT_MS,
);
