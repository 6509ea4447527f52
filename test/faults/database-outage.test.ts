import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { expectOneCredentialEach, expectWholeFleet } from "../harness/auditor.ts";
import { DatabaseBeside } from "../harness/database-beside.ts";
import { call, postBatch } from "../harness/fleet.ts";
import { newDoor } from "../harness/ocpp-station/door.ts";
import { inParallel } from "../harness/ocpp-station/in-parallel.ts";
import { RawStation, type RawFrame } from "../harness/ocpp-station/raw-station.ts";
import { openSql } from "../harness/sql.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { temporaryDirectory } from "../harness/temporary-directory.ts";

const isFull = process.env["BUSBAR_FULL"] === "1";
const CHARGERS = 300;
const DEADLINE_MS = 150_000;
const STATIONS = 20;
/** Rounds of messages during the outage: two minutes of them, or as fast as they are answered. */
const ROUNDS = isFull ? 24 : 4;
const PAUSE_MS = isFull ? 5000 : 0;
/** Sessions flush within a minute after the database is back. */
const FLUSH_DEADLINE_MS = 90_000;

let directory: ReturnType<typeof temporaryDirectory>;
let stack: RunningStack;
let database: DatabaseBeside;
beforeEach(async () => {
  directory = temporaryDirectory();
  database = await DatabaseBeside.start(directory.path);
  stack = await startStack({ dataDirectory: directory.path, env: database.env });
});
afterEach(async () => {
  await stack.stop();
  await database.stop();
  directory.remove();
});

async function withoutDatabase(work: () => Promise<void>): Promise<void> {
  await database.stop();
  await work();
  await database.startAgain();
}

/** Answers during the outage; the first one if an earlier failure was noticed, so that nothing was sent. */
const UNAVAILABLE = [
  { detail: "Service temporarily unavailable" },
  {
    detail:
      "Service temporarily unavailable. The database did not tell whether it stored this request; if it has not, it never will",
  },
];

test("all 300 simulated chargers of a batch become READY when the database is away for five seconds", async () => {
  const batch = await postBatch(stack, { chargers: CHARGERS });
  await batch.until(0.3);
  await withoutDatabase(async () => {
    const refused = await call(stack, "POST", "/ocpp/locations", { name: "During the outage" });
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(UNAVAILABLE).toContainEqual(refused.body);
    await delay(5000);
  });
  await batch.finished(DEADLINE_MS);
  await expectWholeFleet(stack, database.url, batch, CHARGERS);
  await expectOneCredentialEach(stack, CHARGERS);
});

/** Of this day: what is older than its retention goes with the next pass. */
const BEGAN_AT_MS = Date.now() - 60 * 60 * 1000;
const minutesIn = (minute: number) => new Date(BEGAN_AT_MS + minute * 60_000).toISOString();

function expectAnswered(frames: RawFrame[]): void {
  expect(frames.filter(([type]) => type !== 3)).toEqual([]);
}

/** One transaction on connector 1 from start to end, and other messages during it. */
async function charge(station: RawStation): Promise<number> {
  const start = { connectorId: 1, idTag: "TAG", meterStart: 0, timestamp: minutesIn(0) };
  const started = await station.call("StartTransaction", start);
  expect(started).toMatchObject([3, expect.any(String), { idTagInfo: { status: "Accepted" } }]);
  const { transactionId } = started[2] as { transactionId: number };
  for (let round = 1; round <= ROUNDS; round++) {
    const meterValue = [{ timestamp: minutesIn(round), sampledValue: [{ value: String(round * 100) }] }];
    const status = round === ROUNDS ? "Finishing" : "Charging";
    expectAnswered([
      await station.call("Heartbeat", {}),
      await station.call("StatusNotification", { connectorId: 1, errorCode: "NoError", status }),
      await station.call("MeterValues", { connectorId: 1, transactionId, meterValue }),
    ]);
    await delay(PAUSE_MS);
  }
  const stop = { transactionId, meterStop: ROUNDS * 100, timestamp: minutesIn(ROUNDS + 1), reason: "Local" };
  expectAnswered([await station.call("StopTransaction", stop)]);
  return transactionId;
}

/** Data of every charger in Postgres: transactions, their meter values in order, connectors. */
function stored() {
  const text = `SELECT c.identity,
    (SELECT json_agg(json_build_array(t.transaction_id, t.status, t.meter_start_wh, t.meter_stop_wh))
       FROM transactions t WHERE t.charger_id = c.id) AS transactions,
    (SELECT json_agg(m.energy_wh ORDER BY m.at) FROM meter_values m
       WHERE m.charger_id = c.id AND m.reason = 'MeterValues') AS meter,
    (SELECT json_agg(json_build_array(o.connector_id, o.status)) FROM connectors o
       WHERE o.charger_id = c.id) AS connectors
    FROM chargers c ORDER BY c.identity`;
  return openSql(database.url)(text, []);
}

test(
  `${isFull ? "two minutes" : "an outage"} without the database: every message and a command are answered, no socket closes, and Postgres has each of them once afterwards`,
  async () => {
    const identities = Array.from(
      { length: STATIONS },
      (_, index) => `OUT-${String(index).padStart(2, "0")}`,
    );
    const stations = await inParallel(identities, 4, async (identity) => {
      const station = await RawStation.booted(await newDoor(stack, identity));
      expectAnswered([await station.call("Authorize", { idTag: "TAG" })]);
      return station;
    });
    const clearCache = (identity: string) =>
      call(stack, "POST", `/api/v1/chargers/${identity}/cache/clear`, {});
    const command = clearCache("OUT-00");
    await stations[0]?.nthCall(0);
    let transactionIds: number[] = [];
    await withoutDatabase(async () => {
      for (const station of stations) station.react = () => ({ status: "Accepted" });
      expect((await command).status).toBe(200);
      // The key that the command before it showed is known for ten seconds.
      expect((await clearCache("OUT-01")).status).toBe(200);
      transactionIds = await Promise.all(stations.map(charge));
      expect(stations.map(({ closeCode }) => closeCode)).toEqual(stations.map(() => null));
    });
    const meter = Array.from({ length: ROUNDS }, (_, round) => (round + 1) * 100);
    const expected = identities.map((identity, index) => ({
      identity,
      transactions: [[transactionIds[index], "completed", 0, ROUNDS * 100]],
      meter,
      connectors: [[1, "Finishing"]],
    }));
    const everyOnce = async () => expect(await stored()).toEqual(expected);
    await vi.waitFor(everyOnce, { timeout: FLUSH_DEADLINE_MS, interval: 100 });
    expectAnswered(await Promise.all(stations.map((station) => station.call("Heartbeat", {}))));
    expect(new Set(transactionIds).size).toBe(STATIONS);
    for (const station of stations) station.socket.close();
  },
  DEADLINE_MS + ROUNDS * PAUSE_MS,
);
