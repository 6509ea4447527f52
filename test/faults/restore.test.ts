import { spawn } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, postBatch } from "../harness/fleet.ts";
import { newDoor } from "../harness/ocpp-station/door.ts";
import { RawStation, type Door } from "../harness/ocpp-station/raw-station.ts";
import { openSql } from "../harness/sql.ts";
import { ended, startStack, stackEnvironment, type RunningStack } from "../harness/stack.ts";
import { temporaryDirectory } from "../harness/temporary-directory.ts";
import { upgradeStatus } from "../harness/upgrade-status.ts";
import { waitFor } from "../harness/wait-for.ts";

const SIMULATED = 20;
const root = join(import.meta.dirname, "..", "..");
const directory = temporaryDirectory();
const postgres = join(directory.path, "postgres");
const copy = join(directory.path, "postgres-copy");

let stack: RunningStack;
const start = async () => {
  stack = await startStack({
    dataDirectory: directory.path,
    env: { OCPP_UPGRADE_FAILURE_LIMIT: "1000000" },
  });
};
beforeAll(start);
afterAll(async () => {
  await stack.stop();
  directory.remove();
});

/** Stops the stack, does something to its data, and starts it again on the same port, which stations know. */
async function whileStopped(work: () => void): Promise<void> {
  const port = new URL(stack.url).port;
  await stack.stop();
  work();
  stack = await startStack({
    dataDirectory: directory.path,
    env: { OCPP_UPGRADE_FAILURE_LIMIT: "1000000" },
    args: ["--port", port],
  });
}

const sql = (text: string, params: unknown[] = []) => openSql(stack.address("sql"))(text, params);
const status = ({ identity }: Pick<Door, "identity">) =>
  upgradeStatus(stack.url, stack.organizationSlug, identity);
const remove = (door: Door) => call(stack, "DELETE", `/api/v1/chargers/${door.identity}`);
const trigger = (door: Door) =>
  call(stack, "POST", `/api/v1/chargers/${door.identity}/trigger`, { requestedMessage: "Heartbeat" });

/** Transactions that have ended, as Postgres has them. */
const finished = () => sql("SELECT * FROM transactions WHERE status = 'completed' ORDER BY transaction_id");

/** Every transaction id that a station has been given. Each session has a block of its own, so they do not grow. */
const used: number[] = [];

/** Runs a transaction until it is in Postgres. Its id must be new. */
async function charge(door: Door): Promise<number> {
  const station = await RawStation.booted(door);
  const at = new Date().toISOString();
  const begin = { connectorId: 1, idTag: "TAG", meterStart: 0, timestamp: at };
  const [, , answer] = await station.call("StartTransaction", begin);
  const { transactionId } = answer as { transactionId: number };
  expect(transactionId).toBeGreaterThan(0);
  expect(used).not.toContain(transactionId);
  used.push(transactionId);
  await station.call("StopTransaction", { transactionId, meterStop: 100, timestamp: at });
  await waitFor(`transaction ${transactionId} on record`, async () =>
    (await finished()).some((row) => row["transaction_id"] === transactionId),
  );
  station.socket.close();
  return transactionId;
}

const CONNECTION = `SELECT s.online, s.generation FROM charger_connections s JOIN chargers c ON c.id = s.charger_id
  WHERE c.identity = $1 AND c.deleted_at IS NULL`;
const connection = async ({ identity }: Door) => (await sql(CONNECTION, [identity]))[0];
/** Simulated stations on line whose connection is newer than a generation. */
const SIMULATED_SINCE = `SELECT count(*)::int AS n FROM charger_connections s JOIN chargers c ON c.id = s.charger_id
  WHERE c.runtime = 'simulated' AND s.online AND s.generation > $1::int`;
/** The station gets in with the key it always had, nobody gets in with another, a command reaches it, and it is shown as on line. */
async function expectIn(door: Door): Promise<void> {
  const before = Number((await connection(door))?.["generation"]);
  const station = await RawStation.booted(door);
  await expect(RawStation.connect({ ...door, authorizationKey: "0".repeat(40) })).rejects.toThrow("401");
  station.react = () => ({ status: "Accepted" });
  expect((await trigger(door)).status).toBe(200);
  expect(station.calls.map(({ action }) => action)).toContain("TriggerMessage");
  await waitFor(`the new connection of ${door.identity} shown`, async () => {
    const row = await connection(door);
    return row?.["online"] === true && Number(row["generation"]) > before;
  });
  station.socket.close();
}

/** Waits until the station is refused, at the latest after the next flush of its session. */
async function expectOut(door: Door): Promise<void> {
  const station = await RawStation.booted(door).catch((error: Error) => error.message);
  if (typeof station === "string") expect(station).toContain("404");
  else expect(await station.untilClosed()).toBe(4004);
  expect(await status(door)).toBe(404);
}

/** The operator's command, with the passes that it waits for. */
async function reconcile(): Promise<string> {
  const child = spawn(
    process.execPath,
    [join(root, "dev", "reconcile", "main.ts"), "--data", directory.path, "--minutes", "2"],
    { cwd: root, env: stackEnvironment(), stdio: ["ignore", "pipe", "pipe"] },
  );
  const outcome = ended(child);
  const ready = new Promise((resolve) => child.stdout.once("data", resolve));
  await ready;
  await sql("DELETE FROM task_locks WHERE name = 'sweeper'");
  await stack.fireScheduled();
  const { code, stdout, stderr } = await outcome;
  expect([code, stderr]).toEqual([0, expect.not.stringContaining("Error")]);
  return stdout;
}

let kept: Door;
let back: Door;

test("an older copy of Postgres: chargers created since are refused within seconds, chargers deleted since log in with their keys", async () => {
  [kept, back] = [await newDoor(stack, "KEPT-1"), await newDoor(stack, "BACK-1")];
  await postBatch(stack, { chargers: SIMULATED }).then((batch) => batch.finished());
  await charge(kept);
  await charge(back);
  await whileStopped(() => cpSync(postgres, copy, { recursive: true }));
  const made = await newDoor(stack, "MADE-1");
  await charge(made);
  await charge(kept);
  expect((await remove(back)).status).toBe(200);
  expect(await status(back)).toBe(404);
  await whileStopped(() => {
    rmSync(postgres, { recursive: true });
    cpSync(copy, postgres, { recursive: true });
  });
  await expectOut(made);
  await expectIn(back);
  await expectIn(kept);
  await charge(kept);
});

test("object storage lost: stations log in with their keys, transaction ids continue above those in Postgres, and one command restores the rest", async () => {
  const gone = await newDoor(stack, "GONE-1");
  expect((await remove(gone)).status).toBe(200);
  const simulatedSince = async (generation: unknown) => (await sql(SIMULATED_SINCE, [generation]))[0]?.["n"];
  await waitFor("the simulated fleet on line", async () => (await simulatedSince(0)) === SIMULATED, 60_000);
  const before = await finished();
  expect(before).toHaveLength(3);
  const highest = Math.max(...before.map((row) => Number(row["transaction_id"])));
  await whileStopped(() => rmSync(join(directory.path, "objects"), { recursive: true }));
  const [{ newest } = { newest: null }] = await sql(
    "SELECT max(generation) AS newest FROM charger_connections",
  );
  expect(await status(gone)).toBe(404);
  expect((await trigger(gone)).status).toBe(404);
  expect((await trigger(kept)).status).toBe(503);
  await expectIn(kept);
  await expectIn(back);
  for (const door of [kept, back]) expect(await charge(door)).toBeGreaterThan(highest);
  expect((await finished()).slice(0, 3)).toEqual(before);
  expect(await sql("SELECT id FROM transaction_conflicts")).toEqual([]);
  expect(await simulatedSince(newest)).toBe(0);
  expect(await reconcile()).toContain("Done.\n");
  await waitFor("the simulated fleet back", async () => (await simulatedSince(newest)) === SIMULATED, 60_000);
});
