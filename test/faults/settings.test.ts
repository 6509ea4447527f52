import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { onlineCount } from "../harness/auditor.ts";
import { ObedientStation } from "../harness/ocpp-station/obedient-station.ts";
import { settledSettings } from "../harness/ocpp-station/settings-station.ts";
import { openSql } from "../harness/sql.ts";
import { startStack, untilReady, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";

const STATIONS = 6;
const DEADLINE_MS = 90_000;
const OLD = { maxChargeCurrent: 10, meterValueInterval: 300 };
const NEW = { maxChargeCurrent: 16, meterValueInterval: 900 };

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

let stations: ObedientStation[] = [];
let round = 0;
beforeEach(async () => {
  round += 1;
  const identities = Array.from({ length: STATIONS }, (_, index) => `KILL-${round}-${index}`);
  stations = await Promise.all(identities.map((identity) => ObedientStation.booted(stack, identity)));
});
afterEach(() => {
  for (const station of stations) station.stop();
});

const each = (work: (station: ObedientStation) => Promise<void>, of = stations) => Promise.all(of.map(work));

/** Every station has stored the old interval and was sent the old limit, which it has not answered. */
async function inTheMiddle(): Promise<void> {
  for (const station of stations) station.holds = true;
  await each((station) => station.update(OLD));
  await waitFor("every station in the middle", () => stations.every(({ isHeld }) => isHeld), 30_000);
}

/** Runs the sweeper with a clock a minute ahead, for chargers that are online in the database. */
async function sweep(): Promise<void> {
  await waitFor("every station online", async () => (await onlineCount(stack)) === STATIONS);
  const sql = openSql(stack.address("sql"));
  await sql(
    "UPDATE charger_settings SET next_at = next_at - interval '2 minutes' WHERE revision > $1::int",
    [1],
  );
  await sql("DELETE FROM task_locks WHERE name = $1", ["sweeper"]);
  await stack.fireScheduled();
}

async function expectInForce(wanted: typeof OLD, of: ObedientStation[]): Promise<void> {
  for (const { id, values, limits, repeated } of of) {
    const { maxChargeCurrent, meterValueInterval } = wanted;
    expect(await settledSettings(stack, id, DEADLINE_MS)).toMatchObject({
      Settings: {
        MaxChargeCurrent: { Desired: maxChargeCurrent, Outcome: "applied" },
        MeterValueInterval: { Desired: meterValueInterval, Reported: meterValueInterval, Outcome: "applied" },
      },
    });
    expect(values).toMatchObject({ MeterValueSampleInterval: String(meterValueInterval) });
    expect(limits.at(-1)).toBe(maxChargeCurrent);
    expect(repeated).toEqual([]);
  }
}

describe("the newest settings are in force in the end, and no value is written again to a station that reports it", () => {
  test("when the runtime is killed between the sending of a value and its record", async () => {
    await inTheMiddle();
    const [left, changed] = [stations.slice(0, 3), stations.slice(3)];
    await stack.killPart("worker");
    for (const station of stations) station.release();
    await untilReady(stack.url);
    await each((station) => station.update(NEW), changed);
    await expectInForce(OLD, left);
    await expectInForce(NEW, changed);
  });

  test("when the engine is killed with newer settings on their way, and others come while it is away", async () => {
    await inTheMiddle();
    const [left, known, unknown] = [stations.slice(0, 2), stations.slice(2, 4), stations.slice(4)];
    await each((station) => station.update(NEW), known);
    await stack.killPart("engine");
    await each((station) => station.update(NEW), unknown);
    for (const station of stations) station.release();
    await untilReady(stack.url);
    await sweep();
    await expectInForce(OLD, left);
    await expectInForce(NEW, [...known, ...unknown]);
  });
});
