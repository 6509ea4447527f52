import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";
import { onlineCount } from "../harness/auditor.ts";
import { call, followBatch } from "../harness/fleet.ts";
import { RawStation } from "../harness/ocpp-station/raw-station.ts";
import { openSql } from "../harness/sql.ts";
import { startStack } from "../harness/stack.ts";
import { unpackData } from "../harness/stored-data/unpack-data.ts";
import { temporaryDirectory } from "../harness/temporary-directory.ts";
import { waitFor } from "../harness/wait-for.ts";

const directory = temporaryDirectory();
afterAll(() => directory.remove());

const logs = z.object({ data: z.array(z.object({ direction: z.string(), action: z.string().nullable() })) });
const configuration = z.object({
  configurationKey: z.array(z.object({ key: z.string(), value: z.string() })),
});

test("this version works with all data that a killed stack of an earlier version had stored", async () => {
  const fixture = join(import.meta.dirname, "..", "fixtures", "stored-data.json.br");
  const scene = await unpackData(fixture, directory.path);
  const stack = await startStack({ dataDirectory: directory.path });
  const sql = openSql(stack.address("sql"));
  const charger = async (identity: string) => (await call(stack, "GET", `/api/v1/chargers/${identity}`)).body;
  const transaction = async (id: number) =>
    (await sql("SELECT * FROM transactions WHERE transaction_id = $1", [id]))[0];
  const door = (one: typeof scene.ending) => ({
    ...one,
    connectionUrl: one.connectionUrl.replace(/^ws:\/\/[^/]+/, stack.url.replace("http", "ws")),
  });

  // The engine's open run goes on: its chargers are provisioned.
  const open = await followBatch(stack, { statusUrl: scene.openStatusUrl }, 3).finished();
  expect(open).toMatchObject({ status: "READY", progress: { created: 3, failed: 0 } });
  expect(await followBatch(stack, { statusUrl: scene.simulatedStatusUrl }, 2).read()).toMatchObject({
    status: "READY",
    results: { created: [{ identity: scene.simulated[0] }, { identity: scene.simulated[1] }] },
  });

  // Stations come back with their credentials, without a boot, and go on with their transactions.
  const charging = await RawStation.connect(door(scene.charging));
  const ending = await RawStation.connect(door(scene.ending), "ocpp2.0.1");
  const { transactionId } = scene.charging;
  const stop = { transactionId, meterStop: 9000, timestamp: new Date().toISOString(), reason: "Local" };
  expect((await charging.call("StopTransaction", stop))[0]).toBe(3);
  expect((await ending.call("Heartbeat", {}))[0]).toBe(3);
  expect(
    await waitFor("the end of the transaction", async () => {
      const row = await transaction(transactionId);
      return row?.["status"] === "completed" && row;
    }),
  ).toMatchObject({ id_tag: "TAG", meter_start_wh: "1000", meter_stop_wh: "9000", stop_reason: "Local" });

  // Facts that waited in the sessions arrive: a meter value, the end of a transaction, a security event.
  const arrived = await waitFor("the facts of the outbox", async () => {
    const [counts] = await sql(
      `SELECT (SELECT count(*)::int FROM meter_values WHERE energy_wh = 3000) AS readings,
        (SELECT count(*)::int FROM transactions WHERE ocpp_transaction_id = 'T-1' AND status = 'completed') AS ended,
        (SELECT count(*)::int FROM security_events WHERE name = 'FirmwareUpdated') AS events`,
      [],
    );
    return counts && Object.values(counts).every((count) => count === 1) && counts;
  });
  expect(arrived).toEqual({ readings: 1, ended: 1, events: 1 });
  expect(await sql("SELECT count(*)::int AS n FROM transactions", [])).toEqual([{ n: 2 }]);

  // Frames of before are in the log, ahead of those of now.
  const { id } = z.object({ id: z.string() }).parse(await charger(scene.charging.identity));
  const log = logs.parse((await call(stack, "GET", `/ocpp/chargers/${id}/logs?limit=1000`)).body).data;
  expect(
    log
      .filter(({ direction }) => direction === "cp_to_csms")
      .map(({ action }) => action)
      .toSorted(),
  ).toEqual([
    "BootNotification",
    "MeterValues",
    "MeterValues",
    "StartTransaction",
    "StatusNotification",
    "StopTransaction",
  ]);

  // Simulated stations run again by themselves and remember what they were told.
  await waitFor("all of them on line", async () => (await onlineCount(stack)) === 4, 60_000);
  expect(await charger(scene.simulated[0] ?? "")).toMatchObject({
    connectors: expect.arrayContaining([expect.objectContaining({ connectorId: 1, status: "Unavailable" })]),
  });
  const asked = await call(stack, "POST", `/api/v1/chargers/${scene.simulated[1]}/configuration/get`, {
    key: ["HeartbeatInterval"],
  });
  expect(configuration.parse(asked.body).configurationKey).toMatchObject([
    { key: "HeartbeatInterval", value: "600" },
  ]);
  charging.socket.close();
  ending.socket.close();
  await stack.stop();
});
