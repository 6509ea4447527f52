import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { startCountingProxy, type CountingProxy } from "../bench/counting-proxy.ts";
import { onlineCount } from "../harness/auditor.ts";
import { DatabaseBeside } from "../harness/database-beside.ts";
import { call } from "../harness/fleet.ts";
import { newDoor } from "../harness/ocpp-station/door.ts";
import { inParallel } from "../harness/ocpp-station/in-parallel.ts";
import { RawStation } from "../harness/ocpp-station/raw-station.ts";
import { openSql } from "../harness/sql.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { temporaryDirectory } from "../harness/temporary-directory.ts";
import { waitFor } from "../harness/wait-for.ts";

const STATIONS = 150;
const REGISTERED_AT_ONCE = 8;
const FOLLOWED_WITHIN_MS = 10_000;
const STORED_WITHIN_MS = 60_000;

let directory: ReturnType<typeof temporaryDirectory>;
let database: DatabaseBeside;
let proxy: CountingProxy;
let stack: RunningStack;

beforeAll(async () => {
  directory = temporaryDirectory();
  database = await DatabaseBeside.start(directory.path);
  proxy = await startCountingProxy(database.url);
  const env = { ...database.env, NEON_FETCH_ENDPOINT: `${proxy.url}/sql` };
  stack = await startStack({ dataDirectory: directory.path, env });
});
afterAll(async () => {
  await stack.stop();
  await proxy.close();
  await database.stop();
  directory.remove();
});

const started = z.object({
  transactionId: z.number().positive(),
  idTagInfo: z.object({ status: z.string() }),
});

/** Connects, boots, reports its connectors and starts a transaction with an unknown card. */
async function begin(connected: RawStation, index: number, answersMs: number[]): Promise<string> {
  const ask = async (action: string, payload: object) => {
    const sentAtMs = performance.now();
    const [type, , answer] = await connected.call(action, payload);
    answersMs.push(performance.now() - sentAtMs);
    expect([action, type]).toEqual([action, 3]);
    return answer;
  };
  const timestamp = new Date().toISOString();
  await ask("BootNotification", { chargePointVendor: "Acme", chargePointModel: "Many" });
  for (const connectorId of [0, 1])
    await ask("StatusNotification", { connectorId, errorCode: "NoError", status: "Available", timestamp });
  const idTag = `NOBODY-${index}`;
  await ask("Authorize", { idTag });
  const start = { connectorId: 1, idTag, meterStart: 0, timestamp };
  const { idTagInfo } = started.parse(await ask("StartTransaction", start));
  await ask("StatusNotification", { connectorId: 1, errorCode: "NoError", status: "Charging", timestamp });
  return idTagInfo.status;
}

const rowCount = async (text: string) =>
  z.object({ n: z.number() }).parse((await openSql(database.url)(text, []))[0]).n;

/** Number of statements that write facts of sessions. */
const flushes = (from: number) =>
  proxy.passed.slice(from).filter(({ body }) => body.includes("jsonb_to_recordset"));

test(`${STATIONS} stations that start at once are refused no driver, their flushes share statements, and none fails`, async () => {
  const identities = Array.from({ length: STATIONS }, (_, index) => `START-${index}`);
  const doors = await inParallel(identities, REGISTERED_AT_ONCE, (identity) => newDoor(stack, identity));
  const from = proxy.passed.length;
  const answersMs: number[] = [];
  const stations = await Promise.all(doors.map((door) => RawStation.connect(door)));
  const words = await Promise.all(stations.map((station, index) => begin(station, index, answersMs)));
  expect(words.filter((word) => word !== "Accepted")).toEqual([]);

  const stored = async () =>
    (await onlineCount(stack)) === STATIONS &&
    (await rowCount("SELECT count(*)::int AS n FROM transactions WHERE status = 'in_progress'")) ===
      STATIONS &&
    (await rowCount("SELECT count(*)::int AS n FROM connectors WHERE status = 'Charging'")) === STATIONS;
  await waitFor("every start in the database", stored, STORED_WITHIN_MS);
  const statements = flushes(from).length;
  const asked = proxy.passed.slice(from).filter(({ body }) => body.includes("accept_unknown_id_tags")).length;
  const sorted = answersMs.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
  console.log(
    `${STATIONS} stations at once: answers p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms;`,
    `${statements} statements for their facts`,
  );
  // Each session has a projection and a transaction, which are separate statements: without sharing there would be at
  // least twice as many.
  expect(statements).toBeLessThan(STATIONS);
  expect(asked).toBeLessThan(10);
  expect(stack.log()).not.toMatch(/flushFailed|tagPolicyUnknown|tagPolicyUnreadable|noTransactionIds/);
  for (const station of stations) station.socket.terminate();
});

test("a changed tag policy reaches sessions that are connected, hibernating or not created yet, within ten seconds", async () => {
  const judged = async (station: RawStation) => {
    const [, , answer] = await station.call("Authorize", { idTag: "NOBODY" });
    return z.object({ idTagInfo: z.object({ status: z.string() }) }).parse(answer).idTagInfo.status;
  };
  const connected = await RawStation.booted(await newDoor(stack, "FOLLOWS-1"));
  const away = await newDoor(stack, "FOLLOWS-2");
  (await RawStation.booted(away)).socket.terminate();
  expect(await judged(connected)).toBe("Accepted");
  for (const [acceptUnknownIdTags, word] of [
    [false, "Invalid"],
    [true, "Accepted"],
  ] as const) {
    const { status, body } = await call(stack, "PATCH", "/api/v1/organization", { acceptUnknownIdTags });
    expect([status, body]).toEqual([200, expect.objectContaining({ acceptUnknownIdTags })]);
    const follows = async () => (await judged(connected)) === word;
    await waitFor(`${word} for the connected station`, follows, FOLLOWED_WITHIN_MS);
    const returned = await RawStation.connect(away);
    await waitFor(
      `${word} for the returned station`,
      async () => (await judged(returned)) === word,
      FOLLOWED_WITHIN_MS,
    );
    returned.socket.terminate();
    const later = await RawStation.booted(await newDoor(stack, `FOLLOWS-${word}`));
    await waitFor(
      `${word} for a new station`,
      async () => (await judged(later)) === word,
      FOLLOWED_WITHIN_MS,
    );
    later.socket.terminate();
  }
  const shown = await call(stack, "GET", "/api/v1/organization");
  expect(shown.body).toMatchObject({ slug: stack.organizationSlug, acceptUnknownIdTags: true });
  connected.socket.terminate();
});
