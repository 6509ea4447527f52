import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { DatabaseBeside } from "../harness/database-beside.ts";
import { OCPP_VERSIONS, type OcppVersion } from "../../src/ocpp/version.ts";
import { call } from "../harness/fleet.ts";
import { chargingWords } from "../harness/ocpp-station/charging-words.ts";
import { newDoor } from "../harness/ocpp-station/door.ts";
import { inParallel } from "../harness/ocpp-station/in-parallel.ts";
import { RawStation, type Door } from "../harness/ocpp-station/raw-station.ts";
import { openSql } from "../harness/sql.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { temporaryDirectory } from "../harness/temporary-directory.ts";
import { waitFor } from "../harness/wait-for.ts";

/** Sessions flush within a minute after the database is back. */
const FLUSH_DEADLINE_MS = 90_000;
const PARALLEL = 4;
const TAG = "USER123";

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

/** A charger with its station, which comes back after a kill. */
interface Site {
  version: OcppVersion;
  identity: string;
  door: Door;
  station: RawStation;
  words: ReturnType<typeof chargingWords>;
}

/** Connects a station for each name, on every version. */
function sites(names: readonly string[]): Promise<Site[]> {
  const all = names.flatMap((name) => OCPP_VERSIONS.map((version) => ({ version, name })));
  return inParallel(all, PARALLEL, async ({ version, name }) => {
    const identity = `${name}-${version.replaceAll(".", "")}`;
    const door = await newDoor(stack, identity);
    const station = await RawStation.booted(door, version);
    const words = chargingWords(version, { idTag: TAG, ocppId: `at-${identity}` });
    return { version, identity, door, station, words };
  });
}

/** Has all stations reconnect, with connections that answer with Accepted. */
function back(all: readonly Site[]): Promise<RawStation[]> {
  return inParallel(all, PARALLEL, async ({ door, version }) => {
    const again = await waitFor(
      "a new connection",
      () => RawStation.connect(door, version).catch(() => null),
      30_000,
    );
    again.react = () => ({ status: "Accepted" });
    return again;
  });
}

function close(all: readonly Site[], again: readonly RawStation[]): void {
  for (const station of [...all.map((site) => site.station), ...again]) station.socket.close();
}

/** Every transaction in Postgres of the chargers whose names begin so. */
function rows(prefix: string) {
  const text = `SELECT c.identity, t.transaction_id, t.status, t.remote_started, t.meter_start_wh::int AS meter_start
    FROM transactions t JOIN chargers c ON c.id = t.charger_id WHERE c.identity LIKE $1 ORDER BY c.identity COLLATE "C", t.transaction_id`;
  return openSql(database.url)(text, [`${prefix}%`]);
}

type Message = ReturnType<Site["words"]["begin"]>;

/** Sends a message by which charging begins; the number that 1.6 answers, null on 2.x. */
async function begin(station: RawStation, message: Message): Promise<number | null> {
  const [type, , answer] = await station.call(...message);
  expect([message[0], type]).toEqual([message[0], 3]);
  return message[0] === "StartTransaction" ? started.parse(answer).transactionId : null;
}

const byIdentity = (one: { identity: string }, other: { identity: string }) =>
  one.identity < other.identity ? -1 : 1;

async function eventually(look: () => Promise<unknown>, expected: readonly { identity: string }[]) {
  const isSo = async () => expect(await look()).toEqual(expected.toSorted(byIdentity));
  await vi.waitFor(isSo, { timeout: FLUSH_DEADLINE_MS, interval: 200 });
}

function remoteStart({ identity }: Site) {
  return call(stack, "POST", `/api/v1/chargers/${identity}/remote-start`, { connectorId: 1, idTag: TAG });
}

test("kill -9 of the runtime and of the database between the begin of a transaction and its row loses and doubles nothing", async () => {
  const all = await sites(["KILLED-LOCAL-1", "KILLED-LOCAL-2", "KILLED-REMOTE-1", "KILLED-REMOTE-2"]);
  const isRemote = ({ identity }: Site) => identity.includes("REMOTE");
  for (const { station } of all) station.react = () => ({ status: "Accepted" });
  const messages = await inParallel(all, PARALLEL, async (site) => {
    if (!isRemote(site)) return { message: site.words.beginByCard(), reserved: null };
    const answer = await remoteStart(site);
    expect(answer.status).toBe(202);
    const reserved = started.parse(answer.body).transactionId;
    return { message: site.words.begin(reserved), reserved };
  });
  const sent = all.map((site, index) => ({ site, ...messages[index] })) as Array<
    { site: Site } & (typeof messages)[number]
  >;
  const remote = all.filter(isRemote);
  await waitFor("the pending rows", async () => (await rows("KILLED-")).length === remote.length);

  await database.stop();
  const ids = await Promise.all(sent.map(({ site, message }) => begin(site.station, message)));
  await stack.killPart("worker");
  await database.startAgain();
  for (const [index, { site, reserved }] of sent.entries())
    if (site.version === "ocpp1.6" && reserved !== null) expect(ids[index]).toBe(reserved);
  expect((await rows("KILLED-")).map(({ status }) => status)).toEqual(remote.map(() => "pending"));

  // The answers may be lost with the runtime: each station says it again, under new message ids.
  const again = await back(all);
  const repeated = sent.map(({ message }, index) => begin(again[index] as RawStation, message));
  expect(await Promise.all(repeated)).toEqual(ids);
  const expected = sent.map(({ site, reserved }, index) => ({
    identity: site.identity,
    transaction_id: ids[index] ?? reserved ?? (expect.any(Number) as number),
    status: "in_progress",
    remote_started: isRemote(site),
    meter_start: 1000,
  }));
  await eventually(() => rows("KILLED-"), expected);
  expect(new Set((await rows("KILLED-")).map((row) => row["transaction_id"])).size).toBe(all.length);
  close(all, again);
});

test("a remote start that leaves just before kill -9 of the runtime is claimed by what the station does with it", async () => {
  const all = await sites(["STARTED"]);
  const asked = all.map((site) => remoteStart(site).catch(() => null));
  const calls = await Promise.all(all.map(({ station }) => station.nthCall(0)));
  await stack.killPart("worker");
  for (const answer of await Promise.all(asked)) expect(answer?.status ?? 503).toBeGreaterThanOrEqual(500);
  const again = await back(all);
  const expected = all.map(async ({ identity, words }, index) => {
    const number = Number(calls[index]?.payload["remoteStartId"] ?? 0);
    const id = await begin(again[index] as RawStation, words.begin(number));
    return {
      identity,
      transaction_id: id ?? number,
      status: "in_progress",
      remote_started: true,
      meter_start: 1000,
    };
  });
  await eventually(() => rows("STARTED"), await Promise.all(expected));
  close(all, again);
});

/** What a station answers to its ReserveNow before the kill, what follows, and the state to be stored. */
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
const sceneOf = ({ identity }: Site) =>
  Object.entries(RESERVED).find(([name]) => identity.startsWith(`RSV-${name}-`))?.[1] ?? RESERVED["REFUSED"];

test("kill -9 of the runtime and of the database between a ReserveNow and its row loses and doubles nothing", async () => {
  const all = await sites(Object.keys(RESERVED).map((name) => `RSV-${name}`));
  await database.stop();
  const body = { connectorId: 1, idTag: TAG, expiresAt: new Date(Date.now() + 3_600_000).toISOString() };
  const asked = all.map((site) => {
    const status = sceneOf(site)?.says;
    if (status) site.station.react = () => ({ status });
    const path = `/api/v1/chargers/${site.identity}/reservations`;
    const answer = call(stack, "POST", path, body).then(
      (told) => told.status,
      () => 503,
    );
    return { says: status, answer };
  });
  for (const { says, answer } of asked) if (says) expect(await answer).toBe(says === "Accepted" ? 201 : 200);
  const numbers = await Promise.all(
    all.map(async ({ station }) => {
      const { payload } = await station.nthCall(0);
      return Number(payload["reservationId"] ?? payload["id"]);
    }),
  );
  await stack.killPart("worker");
  for (const { says, answer } of asked) if (!says) expect(await answer).toBeGreaterThanOrEqual(500);
  await database.startAgain();

  const again = await back(all);
  for (const [index, site] of all.entries()) {
    const next = sceneOf(site)?.next;
    const message = site.words.beginByCard();
    // The answer may be lost: the station says it again.
    for (let times = 0; next === "start" && times < 2; times++)
      await begin(again[index] as RawStation, message);
    if (next !== "cancel") continue;
    const path = `/api/v1/chargers/${site.identity}/ocpp/CancelReservation`;
    const cancelled = await call(stack, "POST", path, { reservationId: numbers[index] });
    expect([site.identity, cancelled.status]).toEqual([site.identity, 200]);
  }
  const expected = all.flatMap((site, index) => {
    const status = sceneOf(site)?.ends;
    if (!status) return [];
    const is_used = status === "used";
    return [{ identity: site.identity, status, reservation_id: numbers[index], is_used }];
  });
  const text = `SELECT c.identity, r.status, r.reservation_id, t.id IS NOT NULL AS is_used
    FROM reservations r JOIN chargers c ON c.id = r.charger_id
    LEFT JOIN transactions t ON t.charger_id = c.id AND t.transaction_id = r.transaction_id
    ORDER BY c.identity COLLATE "C"`;
  await eventually(() => openSql(database.url)(text, []), expected);
  close(all, again);
});
