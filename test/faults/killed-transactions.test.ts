import { afterAll, beforeAll, expect, test, vi } from "vitest";
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
beforeAll(async () => {
  directory = temporaryDirectory();
  database = await DatabaseBeside.start(directory.path);
  stack = await startStack({ dataDirectory: directory.path, env: database.env });
});
afterAll(async () => {
  await stack.stop();
  await database.stop();
  directory.remove();
});

const started = z.object({ transactionId: z.number() });

/** Every transaction in Postgres of the chargers whose names begin so. */
function rows(prefix: string) {
  const text = `SELECT c.identity, t.transaction_id, t.status, t.remote_started, t.meter_start_wh::int AS meter_start
    FROM transactions t JOIN chargers c ON c.id = t.charger_id WHERE c.identity LIKE $1 ORDER BY c.identity, t.transaction_id`;
  return openSql(database.url)(text, [`${prefix}%`]);
}

const reconnected = (door: Door) =>
  waitFor("a new connection", () => RawStation.connect(door).catch(() => null), 30_000);

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
  await waitFor("the pending rows", async () => (await rows("KILLED-")).length === remote.length);

  await database.stop();
  const ids = await Promise.all(stations.map(begin));
  await stack.killPart("worker");
  await database.startAgain();
  expect(ids.filter((_, index) => isRemote(index))).toEqual(reserved);
  expect((await rows("KILLED-")).map(({ status }) => status)).toEqual(remote.map(() => "pending"));

  // The answers may be lost with the runtime: each station says it again, under new message ids.
  const again = await inParallel(doors, 4, reconnected);
  expect(await Promise.all(again.map(begin))).toEqual(ids);
  const expected = identities.map((identity, index) => ({
    identity,
    transaction_id: ids[index],
    status: "in_progress",
    remote_started: isRemote(index),
    meter_start: 1000 + index,
  }));
  const everyOnce = async () => expect(await rows("KILLED-")).toEqual(expected);
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
  const again = await reconnected(door);
  const start = { connectorId: 1, idTag: "TAG", meterStart: 1, timestamp: new Date().toISOString() };
  const id = started.parse((await again.call("StartTransaction", start))[2]).transactionId;
  const one = [
    { identity: "STARTED", transaction_id: id, status: "in_progress", remote_started: true, meter_start: 1 },
  ];
  await vi.waitFor(async () => expect(await rows("STARTED")).toEqual(one), {
    timeout: FLUSH_DEADLINE_MS,
    interval: 200,
  });
  again.socket.close();
});

/** In the order of their names: what a station answers to its ReserveNow before the kill, what follows, and the state to be stored. */
const RESERVED: Record<
  string,
  { says: string | null; next: "start" | "cancel" | null; ends: string | null }
> = {
  "ACCEPTED-CANCELLED": { says: "Accepted", next: "cancel", ends: "cancelled" },
  "ACCEPTED-KEPT": { says: "Accepted", next: null, ends: "active" },
  "ACCEPTED-USED": { says: "Accepted", next: "start", ends: "used" },
  REFUSED: { says: "Occupied", next: "start", ends: null },
  "UNANSWERED-CANCELLED": { says: null, next: "cancel", ends: "cancelled" },
  "UNANSWERED-USED": { says: null, next: "start", ends: "used" },
};

test("kill -9 of the runtime and of the database between a ReserveNow and its row loses and doubles nothing", async () => {
  const scenes = Object.entries(RESERVED);
  const doors = await inParallel(scenes, 3, ([name]) => newDoor(stack, `RSV-${name}`));
  const stations = await inParallel(doors, 3, (door) => RawStation.booted(door));
  await database.stop();
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const asked = scenes.map(async ([, { says }], index) => {
    const [station, { identity }] = [stations[index], doors[index]] as [RawStation, Door];
    if (says) station.react = () => ({ status: says });
    const body = { connectorId: 1, idTag: "TAG", expiresAt };
    return call(stack, "POST", `/api/v1/chargers/${identity}/reservations`, body).catch(() => null);
  });
  const answers = await Promise.all(asked.filter((_, index) => scenes[index]?.[1].says));
  expect(answers.map((answer) => answer?.status)).toEqual([201, 201, 201, 200]);
  const numbers = await Promise.all(
    stations.map(async (station) => Number((await station.nthCall(0)).payload["reservationId"])),
  );
  await stack.killPart("worker");
  for (const answer of await Promise.all(asked.slice(answers.length)))
    expect(answer?.status ?? 503).toBeGreaterThanOrEqual(500);
  await database.startAgain();

  const again = await inParallel(doors, 3, reconnected);
  for (const [index, [, { next }]] of scenes.entries()) {
    const [station, { identity }] = [again[index], doors[index]] as [RawStation, Door];
    station.react = () => ({ status: "Accepted" });
    const start = { connectorId: 1, idTag: "TAG", meterStart: 1, timestamp: new Date().toISOString() };
    // The answer may be lost: the station says it again.
    for (let times = 0; next === "start" && times < 2; times++)
      expect((await station.call("StartTransaction", start))[0]).toBe(3);
    if (next !== "cancel") continue;
    const path = `/api/v1/chargers/${identity}/ocpp/CancelReservation`;
    const cancelled = await call(stack, "POST", path, { reservationId: numbers[index] });
    expect([identity, cancelled.status]).toEqual([identity, 200]);
  }
  const expected = scenes.flatMap(([name, { ends }], index) =>
    ends === null
      ? []
      : [{ identity: `RSV-${name}`, status: ends, reservation_id: numbers[index], is_used: ends === "used" }],
  );
  const text = `SELECT c.identity, r.status, r.reservation_id, t.id IS NOT NULL AS is_used
    FROM reservations r JOIN chargers c ON c.id = r.charger_id
    LEFT JOIN transactions t ON t.charger_id = c.id AND t.transaction_id = r.transaction_id ORDER BY c.identity`;
  const everyOnce = async () => expect(await openSql(database.url)(text, [])).toEqual(expected);
  await vi.waitFor(everyOnce, { timeout: FLUSH_DEADLINE_MS, interval: 200 });
  for (const station of [...stations, ...again]) station.socket.close();
});
