import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { onlineCount } from "../harness/auditor.ts";
import { DatabaseBeside } from "../harness/database-beside.ts";
import { call } from "../harness/fleet.ts";
import { newDoor } from "../harness/ocpp-station/door.ts";
import { inParallel } from "../harness/ocpp-station/in-parallel.ts";
import { ReturningStation, type Returns } from "../harness/ocpp-station/returning-station.ts";
import { openSql } from "../harness/sql.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { temporaryDirectory } from "../harness/temporary-directory.ts";
import { waitFor } from "../harness/wait-for.ts";

const isFull = process.env["BUSBAR_FULL"] === "1";
const STATIONS = isFull ? 2000 : 300;
/** A local runtime accepts 250 connections a second at most until its sessions hibernate. */
const CONNECTS_PER_SECOND = 200;
const JITTER_MS = (STATIONS / CONNECTS_PER_SECOND) * 1000;
const LATE_MS = 5000;
const WIDTH = 16;
/** Sessions flush within a minute after the database is back. */
const FLUSH_DEADLINE_MS = 90_000;
const TIMEOUT_MS = 600_000;

/** Every third of them charges. */
const chargesAt = (index: number) => index % 3 === 0;
const CHARGING = Math.ceil(STATIONS / 3);

let directory: ReturnType<typeof temporaryDirectory>;
let database: DatabaseBeside;
let stack: RunningStack;
const returns: Returns = { refused: [], unanswered: 0 };
let stations: ReturningStation[] = [];

beforeAll(async () => {
  directory = temporaryDirectory();
  database = await DatabaseBeside.start(directory.path);
  stack = await startStack({ dataDirectory: directory.path, env: database.env });
  const identities = Array.from({ length: STATIONS }, (_, index) => `STORM-${index}`);
  const doors = await inParallel(identities, WIDTH, (identity) => newDoor(stack, identity));
  stations = doors.map((door) => new ReturningStation(door, () => Math.random() * JITTER_MS, returns));
}, TIMEOUT_MS);
afterAll(async () => {
  for (const station of stations) station.stop();
  await stack.stop();
  await database.stop();
  directory.remove();
});

const count = z.object({ n: z.number() });

/** Connectors that the database shows with the status that every station reported. */
async function chargingCount(): Promise<number> {
  const sql = openSql(database.url);
  const rows = await sql("SELECT count(*)::int AS n FROM connectors WHERE status = 'Charging'", []);
  return count.parse(rows[0]).n;
}

/** What the database knows of every transaction, by its identity. */
async function transactions() {
  const text = `SELECT c.identity, t.transaction_id, t.status, t.meter_start_wh::int AS start, t.meter_stop_wh::int AS stop
    FROM transactions t JOIN chargers c ON c.id = t.charger_id ORDER BY t.transaction_id`;
  return openSql(database.url)(text, []);
}

const at = (hour: number) => new Date(Date.UTC(2026, 4, 1, hour)).toISOString();
const start = { connectorId: 1, idTag: "TAG", meterStart: 1000, timestamp: at(10) };
const status = { connectorId: 1, errorCode: "NoError", status: "Charging" };

/** Starts a transaction whose facts are not flushed. Returns its id. */
async function beginCharging({ live }: ReturningStation, index: number): Promise<number | null> {
  expect((await live.call("StatusNotification", status))[0]).toBe(3);
  if (!chargesAt(index)) return null;
  const [type, , answer] = await live.call("StartTransaction", start);
  expect(type).toBe(3);
  return z.object({ transactionId: z.number() }).parse(answer).transactionId;
}

async function afterReturn({ live }: ReturningStation, transactionId: number | null): Promise<void> {
  expect((await live.call("Heartbeat", {}))[0]).toBe(3);
  if (transactionId === null) return;
  const stop = { transactionId, meterStop: 9000, timestamp: at(11), reason: "Local" };
  expect((await live.call("StopTransaction", stop))[0]).toBe(3);
}

/** Has every station send a heartbeat as soon as it is back. Returns how long each waited for its answer. */
function timeHeartbeats(): number[] {
  const answersMs: number[] = [];
  for (const station of stations)
    station.returned = (live) => {
      const sentAtMs = performance.now();
      void live.call("Heartbeat", {}).then(
        () => answersMs.push(performance.now() - sentAtMs),
        () => undefined,
      );
    };
  return answersMs;
}

test(
  `${STATIONS} stations come back after kill -9 of the runtime: none is refused, none boots again, and every confirmed fact is in Postgres once`,
  async () => {
    await inParallel(stations, WIDTH, async (station) => {
      await station.connect();
      await station.live.boot();
    });
    // From here on no confirmed fact can be in the database at the kill.
    expect([await chargingCount(), await transactions()]).toEqual([0, []]);
    await database.stop();
    const transactionIds = await inParallel(stations, WIDTH, beginCharging);

    const answersMs = timeHeartbeats();
    const killedAtMs = performance.now();
    await stack.killPart("worker");
    await waitFor(
      "every station back",
      () => stations.every(({ connections }) => connections === 2),
      JITTER_MS + 30_000,
    );
    const backAfterMs = performance.now() - killedAtMs;
    console.log(
      `${STATIONS} stations back ${Math.round(backAfterMs)} ms after the kill (jitter ${JITTER_MS} ms),`,
      `${returns.unanswered} attempts met no process`,
    );
    await waitFor("an answer for every station", () => answersMs.length === STATIONS, LATE_MS);
    const quantile = (share: number) =>
      Math.round(answersMs.toSorted((a, b) => a - b)[Math.floor(share * (STATIONS - 1))] ?? 0);
    console.log(
      `answers in the storm: p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms, most ${quantile(1)} ms`,
    );
    expect(returns.refused).toEqual([]);
    expect(backAfterMs).toBeLessThan(JITTER_MS + LATE_MS);
    await database.startAgain();

    await inParallel(stations, WIDTH, (station, index) =>
      afterReturn(station, transactionIds[index] ?? null),
    );
    const answers = await inParallel(stations, WIDTH, ({ door: { identity } }) =>
      call(stack, "POST", `/api/v1/chargers/${identity}/cache/clear`, {}),
    );
    expect(answers.filter((answer) => answer.status !== 200)).toEqual([]);
    await waitFor(
      "every station online",
      async () => (await onlineCount(stack)) === STATIONS,
      FLUSH_DEADLINE_MS,
    );
    await waitFor("every report stored", async () => (await chargingCount()) === STATIONS, FLUSH_DEADLINE_MS);
    const completed = stations.flatMap(({ door: { identity } }, index) => {
      const transaction_id = transactionIds[index] ?? null;
      if (transaction_id === null) return [];
      return [{ identity, transaction_id, status: "completed", start: 1000, stop: 9000 }];
    });
    expect(completed).toHaveLength(CHARGING);
    const everyOnce = async () =>
      expect(await transactions()).toEqual(completed.toSorted((a, b) => a.transaction_id - b.transaction_id));
    await vi.waitFor(everyOnce, { timeout: FLUSH_DEADLINE_MS, interval: 500 });
    expect(stations.filter(({ isConnected, connections }) => !isConnected || connections !== 2)).toEqual([]);
  },
  TIMEOUT_MS,
);
