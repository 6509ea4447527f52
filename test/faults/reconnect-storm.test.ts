import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { onlineCount } from "../harness/auditor.ts";
import { call } from "../harness/fleet.ts";
import { newDoor } from "../harness/ocpp-station/door.ts";
import { inParallel } from "../harness/ocpp-station/in-parallel.ts";
import { ReturningStation, type Returns } from "../harness/ocpp-station/returning-station.ts";
import { openSql } from "../harness/sql.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";

const isFull = process.env["BUSBAR_FULL"] === "1";
const STATIONS = isFull ? 2000 : 300;
/** A local runtime takes 250 connects a second and no more before its sessions sleep again. */
const CONNECTS_PER_SECOND = 200;
const JITTER_MS = (STATIONS / CONNECTS_PER_SECOND) * 1000;
const LATE_MS = 5000;
const WIDTH = 16;
const TIMEOUT_MS = 600_000;

let stack: RunningStack;
const returns: Returns = { refused: [], unanswered: 0 };
let stations: ReturningStation[] = [];

beforeAll(async () => {
  stack = await startStack();
  const identities = Array.from({ length: STATIONS }, (_, index) => `STORM-${index}`);
  const doors = await inParallel(identities, WIDTH, (identity) => newDoor(stack, identity));
  stations = doors.map((door) => new ReturningStation(door, () => Math.random() * JITTER_MS, returns));
}, TIMEOUT_MS);
afterAll(async () => {
  for (const station of stations) station.stop();
  await stack.stop();
});

const count = z.object({ n: z.number() });

/** Connectors that the database shows with the status that every station reported. */
async function chargingCount(): Promise<number> {
  const sql = openSql(stack.address("sql"));
  const rows = await sql("SELECT count(*)::int AS n FROM connectors WHERE status = 'Charging'", []);
  return count.parse(rows[0]).n;
}

test(
  `${STATIONS} stations come back after kill -9 of the runtime: none is refused, none boots again, nothing confirmed is lost`,
  async () => {
    await inParallel(stations, WIDTH, async (station) => {
      await station.connect();
      await station.live.boot();
    });
    // Confirmed to the stations just before the end, so that much of it is still on its way to the database.
    const status = { connectorId: 1, errorCode: "NoError", status: "Charging" };
    const told = await inParallel(stations, WIDTH, ({ live }) => live.call("StatusNotification", status));
    expect(told.filter(([type]) => type !== 3)).toEqual([]);

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
    expect(returns.refused).toEqual([]);
    expect(backAfterMs).toBeLessThan(JITTER_MS + LATE_MS);

    const beats = await inParallel(stations, WIDTH, ({ live }) => live.call("Heartbeat", {}));
    expect(beats.filter(([type]) => type !== 3)).toEqual([]);
    const answers = await inParallel(stations, WIDTH, ({ door: { identity } }) =>
      call(stack, "POST", `/api/v1/chargers/${identity}/cache/clear`, {}),
    );
    expect(answers.filter((answer) => answer.status !== 200)).toEqual([]);
    await waitFor("every station online", async () => (await onlineCount(stack)) === STATIONS, 60_000);
    await waitFor("every report stored", async () => (await chargingCount()) === STATIONS, 60_000);
    expect(stations.filter(({ isConnected, connections }) => !isConnected || connections !== 2)).toEqual([]);
  },
  TIMEOUT_MS,
);
