/**
 * Makes `test/fixtures/stored-data.json.br`: the data directory of a stack that was killed at work. The committed file was
 * made by commit 5231ae3. To make one of another commit, copy this folder into a checkout of that commit and run there
 * `node --disable-warning=ExperimentalWarning test/harness/stored-data/make-stored-data.ts`.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadSecrets } from "../../../dev/stack/secrets.ts";
import { call, createLocation, postBatch } from "../fleet.ts";
import { newDoor } from "../ocpp-station/door.ts";
import { RawStation } from "../ocpp-station/raw-station.ts";
import { startStack } from "../stack.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { openSql } from "../sql.ts";
import { onlineCount, storedFrames } from "../auditor.ts";
import { waitFor } from "../wait-for.ts";
import { packData } from "./pack-data.ts";

const directory = temporaryDirectory();
const secretsFile = join(directory.path, "secrets.json");
const names = Object.keys(loadSecrets(secretsFile));
const placeholders = names.map((name) => [name, `stored-data-${name}-`.padEnd(48, "x")]);
writeFileSync(secretsFile, JSON.stringify(Object.fromEntries(placeholders)));
const stack = await startStack({ dataDirectory: directory.path });
const sql = openSql(stack.address("sql"));
const now = () => new Date().toISOString();
const meterValues = (transactionId: number, energyWh: number) => ({
  connectorId: 1,
  transactionId,
  meterValue: [{ timestamp: now(), sampledValue: [{ value: String(energyWh), unit: "Wh" }] }],
});

// Two simulated stations that have something to remember.
const batch = await postBatch(stack, { chargers: 2, prefix: "SIM-" });
const simulated = (await batch.finished()).results?.created.map(({ identity }) => identity) ?? [];
const order = async (identity: string | undefined, path: string, body: object) => {
  const { status } = await call(stack, "POST", `/api/v1/chargers/${identity}${path}`, body);
  if (status !== 200) throw new Error(`${path}: ${status}`);
};
await order(simulated[0], "/availability", { connectorId: 1, type: "Inoperative" });
await order(simulated[1], "/configuration/change", { key: "HeartbeatInterval", value: "600" });

// A station of 1.6 in the middle of a transaction.
const chargingDoor = await newDoor(stack, "CHARGING");
const station = await RawStation.booted(chargingDoor);
await station.call("StatusNotification", { connectorId: 1, errorCode: "NoError", status: "Charging" });
const [, , started] = await station.call("StartTransaction", {
  connectorId: 1,
  idTag: "TAG",
  meterStart: 1000,
  timestamp: now(),
});
const { transactionId } = started as { transactionId: number };
await station.call("MeterValues", meterValues(transactionId, 2000));

// A station of 2.0.1 whose transaction has begun.
const ending = await newDoor(stack, "ENDING");
const second = await RawStation.booted(ending, "ocpp2.0.1");
const event = (eventType: string, seqNo: number) => ({
  eventType,
  timestamp: now(),
  triggerReason: eventType === "Started" ? "CablePluggedIn" : "EVDeparted",
  seqNo,
  transactionInfo: {
    transactionId: "T-1",
    ...(eventType === "Ended" && { stoppedReason: "EVDisconnected" }),
  },
  ...(eventType === "Started" && { evse: { id: 1, connectorId: 1 } }),
});
await second.call("TransactionEvent", event("Started", 0));
await waitFor("everything in Postgres", async () => {
  const [row] = await sql(
    "SELECT (SELECT count(*)::int FROM transactions) AS t, (SELECT count(*)::int FROM meter_values) AS m",
    [],
  );
  return row?.["t"] === 2 && row["m"] === 1 && (await onlineCount(stack)) === 4;
});

// A batch whose runs have begun. From here on Postgres does not answer: they stay open, and facts stay in the outbox.
const locationId = await createLocation(stack);
const open = await postBatch(stack, { chargers: 3, runtime: "external", prefix: "OPEN-", locationId });
process.kill(stack.part("sql").pid, "SIGSTOP");
const framesBefore = storedFrames(directory.path);
await station.call("MeterValues", meterValues(transactionId, 3000));
await second.call("TransactionEvent", event("Ended", 1));
await second.call("SecurityEventNotification", { type: "FirmwareUpdated", timestamp: now() });
await waitFor("the last frames on disk", () => storedFrames(directory.path) >= framesBefore + 6);

await stack.killSupervisor();
for (const part of ["worker", "engine", "sql", "redis"] as const) await stack.killPart(part);
const scene = {
  simulated,
  simulatedStatusUrl: batch.statusUrl,
  charging: { ...chargingDoor, transactionId },
  ending,
  openStatusUrl: open.statusUrl,
};
await packData(directory.path, scene, join(import.meta.dirname, "../../fixtures/stored-data.json.br"));
directory.remove();
