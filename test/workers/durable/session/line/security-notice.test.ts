import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DatabaseDouble } from "../database-double.ts";
import { provisioned, StationDouble, type Charger } from "../station-double.ts";

/** It stands still unless a test moves it. */
const nowMs = Date.now();
let database: DatabaseDouble;
beforeEach(() => {
  database = new DatabaseDouble();
  vi.useFakeTimers({ toFake: ["Date"], now: nowMs });
});
afterEach(() => vi.useRealTimers());

const from = (ip: string) => ({ headers: { "cf-connecting-ip": ip } });

/** The security events that Postgres was told, once there are that many. */
async function untilTold(charger: Charger, count: number) {
  return vi.waitFor(() => {
    const events = database.factsOf(charger.ref.chargerId).filter(({ source }) => source === "central");
    expect(events).toHaveLength(count);
    return events.map(({ name, tech_info: techInfo }) => [name, techInfo]);
  }, 5000);
}

test("a takeover is a security event with both addresses, at most once a minute", async () => {
  const charger = await provisioned();
  await StationDouble.booted(charger, from("198.51.100.1"));
  await StationDouble.connect(charger, from("198.51.100.2"));
  await StationDouble.connect(charger, from("198.51.100.3"));
  const first = ["Takeover", "from 198.51.100.1 to 198.51.100.2"];
  expect(await untilTold(charger, 1)).toEqual([first]);
  vi.setSystemTime(nowMs + 60_000);
  await StationDouble.booted(charger, from("198.51.100.4"));
  expect(await untilTold(charger, 2)).toEqual([first, ["Takeover", "from 198.51.100.3 to 198.51.100.4"]]);
});

test("a quarantine is a security event, and the snapshot shows until when it lasts", async () => {
  const charger = await provisioned();
  await StationDouble.booted(charger);
  expect(await charger.session.snapshot(charger.ref)).toMatchObject({ quarantinedUntilMs: null });
  for (let takeover = 0; takeover < 61; takeover++) await StationDouble.connect(charger);
  const untilMs = nowMs + 3_600_000;
  expect(await charger.session.snapshot(charger.ref)).toMatchObject({ quarantinedUntilMs: untilMs });
  expect(await untilTold(charger, 2)).toContainEqual([
    "Quarantine",
    `until ${new Date(untilMs).toISOString()}`,
  ]);
  vi.setSystemTime(untilMs);
  expect(await charger.session.snapshot(charger.ref)).toMatchObject({ quarantinedUntilMs: null });
});

test("a line closed for malformed frames is a security event", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  for (let frame = 0; frame < 11; frame++) station.socket.send("{");
  expect((await station.untilClosed()).code).toBe(1002);
  expect(await untilTold(charger, 1)).toEqual([["InvalidMessages", "closed with 1002"]]);
});

test("a line closed for a flood is a security event", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const padding = "x".repeat(900_000);
  for (let message = 0; message < 40; message++) station.send([2, `f${message}`, "Heartbeat", { padding }]);
  expect((await station.untilClosed()).code).toBe(4029);
  expect(await untilTold(charger, 1)).toEqual([["MessageFlood", "closed with 4029"]]);
});

test("a station that closes its line, with whatever code, is no security event", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  station.socket.close(4029, "mine");
  await vi.waitFor(() => {
    const connections = database.factsOf(charger.ref.chargerId).filter(({ type }) => type === "connection");
    expect(connections.at(-1)).toMatchObject({ online: false });
  }, 5000);
  expect(await untilTold(charger, 0)).toEqual([]);
});
