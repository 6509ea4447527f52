import { afterAll, beforeAll, expect, test } from "vitest";
import { newDoor } from "../harness/ocpp-station/door.ts";
import { inParallel } from "../harness/ocpp-station/in-parallel.ts";
import { RawStation } from "../harness/ocpp-station/raw-station.ts";
import { openSql } from "../harness/sql.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";

const isFull = process.env["BUSBAR_FULL"] === "1";
const STATIONS = isFull ? 500 : 40;
/** Half of the stations charge already and tell a meter value this often; the others begin one after the other. */
const METER_EVERY_MS = 10_000;
const BEGIN_EVERY_MS = 60;

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const now = () => new Date().toISOString();

async function begin(station: RawStation): Promise<number> {
  const start = { connectorId: 1, idTag: "TAG", meterStart: 1000, timestamp: now() };
  const [type, , answer] = await station.call("StartTransaction", start);
  expect(type).toBe(3);
  return (answer as { transactionId: number }).transactionId;
}

/** Sends a meter value of each station in turn, until it is stopped. */
function charging(stations: readonly RawStation[], ids: readonly number[]): () => void {
  let next = 0;
  const timer = setInterval(() => {
    const index = next++ % stations.length;
    const sampledValue = [{ value: String(1000 + next) }];
    const values = {
      connectorId: 1,
      transactionId: ids[index],
      meterValue: [{ timestamp: now(), sampledValue }],
    };
    void stations[index]?.call("MeterValues", values).catch(() => null);
  }, METER_EVERY_MS / stations.length);
  return () => clearInterval(timer);
}

const part = (sorted: readonly number[], share: number) =>
  Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);

test(`every StartTransaction of ${STATIONS} stations becomes a row while they charge, and the times to it are printed`, async () => {
  const identities = Array.from({ length: STATIONS }, (_, index) => `LATENCY-${1000 + index}`);
  const stations = await inParallel(identities, 8, async (identity) =>
    RawStation.booted(await newDoor(stack, identity)),
  );
  const running = stations.slice(0, STATIONS / 2);
  const idle = stations.slice(STATIONS / 2);
  const stopCharging = charging(running, await inParallel(running, 8, begin));

  const sentAtMs = new Map<number, number>();
  const visibleAfterMs = new Map<number, number>();
  const answeredAfterMs: number[] = [];
  const query = openSql(stack.address("sql"));
  const look = async () => {
    const waiting = [...sentAtMs.keys()].filter((id) => !visibleAfterMs.has(id));
    if (waiting.length === 0) return;
    const text = "SELECT transaction_id FROM transactions WHERE transaction_id = ANY($1::int[])";
    const rows = await query(text, [`{${waiting.join(",")}}`]);
    const seenAtMs = performance.now();
    for (const { transaction_id: id } of rows as { transaction_id: number }[])
      visibleAfterMs.set(id, seenAtMs - (sentAtMs.get(id) ?? seenAtMs));
  };
  const beginning = idle.map(async (station, index) => {
    await new Promise((resolve) => setTimeout(resolve, index * BEGIN_EVERY_MS));
    const atMs = performance.now();
    const id = await begin(station);
    answeredAfterMs.push(performance.now() - atMs);
    sentAtMs.set(id, atMs);
  });
  await waitFor(
    "every row",
    async () => {
      await look();
      return visibleAfterMs.size === idle.length;
    },
    60_000 + idle.length * BEGIN_EVERY_MS,
  );
  await Promise.all(beginning);
  stopCharging();
  const sorted = [...visibleAfterMs.values()].toSorted((a, b) => a - b);
  const answered = answeredAfterMs.toSorted((a, b) => a - b);
  const figures = (times: readonly number[]) =>
    `p50 ${part(times, 0.5)} ms, p99 ${part(times, 0.99)} ms, most ${part(times, 1)} ms`;
  console.log(`StartTransaction, ${STATIONS} stations, to its answer: ${figures(answered)}`);
  console.log(`StartTransaction, ${STATIONS} stations, to its row: ${figures(sorted)}`);
  expect(sorted).toHaveLength(idle.length);
  for (const station of stations) station.socket.close();
}, 180_000);
