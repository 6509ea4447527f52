import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { DatabaseBeside } from "../harness/database-beside.ts";
import { call } from "../harness/fleet.ts";
import { newDoor } from "../harness/ocpp-station/door.ts";
import { inParallel } from "../harness/ocpp-station/in-parallel.ts";
import { RawStation, type Door } from "../harness/ocpp-station/raw-station.ts";
import { openSql } from "../harness/sql.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { temporaryDirectory } from "../harness/temporary-directory.ts";
import { waitFor } from "../harness/wait-for.ts";

const STATIONS = 12;
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

const started = z.object({ transactionId: z.number() });

/** Every row of every charger in Postgres. */
function rows() {
  const text = `SELECT c.identity, t.transaction_id, t.status, t.remote_started, t.meter_start_wh::int AS meter_start
    FROM transactions t JOIN chargers c ON c.id = t.charger_id ORDER BY c.identity, t.transaction_id`;
  return openSql(database.url)(text, []);
}

/** Every other station was started remotely. */
const isRemote = (index: number) => index % 2 === 0;

test("kill -9 of the runtime and of the database between a StartTransaction and its row loses and doubles nothing", async () => {
  const identities = Array.from({ length: STATIONS }, (_, index) => `KILLED-${10 + index}`);
  const doors: Door[] = await inParallel(identities, 4, (identity) => newDoor(stack, identity));
  const stations = await inParallel(doors, 4, (door) => RawStation.booted(door));
  for (const station of stations) station.react = () => ({ status: "Accepted" });
  const timestamp = new Date().toISOString();
  const begin = async (station: RawStation, index: number) => {
    const start = { connectorId: 1, idTag: "TAG", meterStart: 1000 + index, timestamp };
    const [, , answer] = await station.call("StartTransaction", start);
    return started.parse(answer).transactionId;
  };
  const remote = identities.filter((_, index) => isRemote(index));
  const reserved = await inParallel(remote, 4, async (identity) => {
    const body = { connectorId: 1, idTag: "TAG" };
    const answer = await call(stack, "POST", `/api/v1/chargers/${identity}/remote-start`, body);
    expect(answer.status).toBe(202);
    return started.parse(answer.body).transactionId;
  });
  await waitFor("the pending rows", async () => (await rows()).length === remote.length);

  await database.stop();
  const ids = await Promise.all(stations.map(begin));
  await stack.killPart("worker");
  await database.startAgain();
  expect(ids.filter((_, index) => isRemote(index))).toEqual(reserved);
  expect((await rows()).map(({ status }) => status)).toEqual(remote.map(() => "pending"));

  // The answers may be lost with the runtime: each station says it again, under new message ids.
  const again = await inParallel(doors, 4, (door) =>
    waitFor("a new connection", () => RawStation.connect(door).catch(() => null), 30_000),
  );
  expect(await Promise.all(again.map(begin))).toEqual(ids);
  const expected = identities.map((identity, index) => ({
    identity,
    transaction_id: ids[index],
    status: "in_progress",
    remote_started: isRemote(index),
    meter_start: 1000 + index,
  }));
  const everyOnce = async () => expect(await rows()).toEqual(expected);
  await vi.waitFor(everyOnce, { timeout: FLUSH_DEADLINE_MS, interval: 200 });
  expect(new Set(ids).size).toBe(STATIONS);
  for (const station of [...stations, ...again]) station.socket.close();
});

test("a remote start that leaves just before kill -9 of the runtime is claimed by what the station does with it", async () => {
  const door = await newDoor(stack, "STARTED");
  const station = await RawStation.booted(door);
  const asked = call(stack, "POST", "/api/v1/chargers/STARTED/remote-start", {
    connectorId: 1,
    idTag: "TAG",
  }).catch(() => null);
  await station.nthCall(0);
  await stack.killPart("worker");
  const answer = await asked;
  expect(answer?.status ?? 503).toBeGreaterThanOrEqual(500);
  const again = await waitFor("a new connection", () => RawStation.connect(door).catch(() => null), 30_000);
  const start = { connectorId: 1, idTag: "TAG", meterStart: 1, timestamp: new Date().toISOString() };
  const id = started.parse((await again.call("StartTransaction", start))[2]).transactionId;
  const one = [
    { identity: "STARTED", transaction_id: id, status: "in_progress", remote_started: true, meter_start: 1 },
  ];
  await vi.waitFor(async () => expect(await rows()).toEqual(one), {
    timeout: FLUSH_DEADLINE_MS,
    interval: 200,
  });
  again.socket.close();
});
