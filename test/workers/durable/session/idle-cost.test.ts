import { evictDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { costOf } from "./cost-meter.ts";
import { DatabaseDouble, type FlushedFact } from "./database-double.ts";
import { type Charger, inObject, provisioned, revived, StationDouble } from "./station-double.ts";

let database: DatabaseDouble;
beforeEach(() => {
  database = new DatabaseDouble();
});

const INTERVAL_MS = 300_000;
const everyFrame = { startMs: null, endMs: null, action: null, limit: 1000, offset: 0 };
const hibernate = ({ stub }: Charger) => evictDurableObject(stub, { webSockets: "hibernate" });
const available = { connectorId: 1, errorCode: "NoError", status: "Available" };

/** A station whose boot was answered and told to Postgres. */
async function settled(protocol = "ocpp1.6"): Promise<{ charger: Charger; station: StationDouble }> {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger, { protocol });
  await vi.waitFor(() => expect(database.factsOf(charger.ref.chargerId)).toHaveLength(2));
  return { charger, station };
}

/** The time as code under test sees it; it stands still between calls. */
function standingClock() {
  let nowMs = Date.now();
  const clock = vi.spyOn(Date, "now").mockImplementation(() => nowMs);
  onTestFinished(() => clock.mockRestore());
  return {
    get nowMs() {
      return nowMs;
    },
    pass(ms: number) {
      nowMs += ms;
    },
  };
}

const alarmAtMs = (charger: Charger) => inObject(charger, (_instance, { storage }) => storage.getAlarm());

/** The alarm rings if it is due, as the runtime would have it ring. */
async function ringIfDue(charger: Charger): Promise<boolean> {
  const dueMs = await alarmAtMs(charger);
  if (dueMs === null || dueMs > Date.now()) return false;
  await inObject(charger, async (instance, { storage }) => {
    await storage.deleteAlarm();
    await instance.alarm();
  });
  return true;
}

describe.each(["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])("a %s station", (protocol) => {
  test("that only sends heartbeats writes no row, sets no alarm and no timer, and sends no statement", async () => {
    const { charger, station } = await settled(protocol);
    await station.call("Heartbeat", {});
    await hibernate(charger);
    const cost = await costOf(charger, () => station.call("Heartbeat", {}));
    expect(cost).toEqual({ rows: 0, alarms: 0, timers: 0, statements: 0 });
  });

  test("that was given a local list costs nothing more while it only sends heartbeats", async () => {
    const { charger, station } = await settled(protocol);
    const entries = [{ idTag: "TAG", status: "Accepted" as const }];
    const list = { kind: "sendLocalList", listVersion: 1, updateType: "Full", entries } as const;
    const outcome = charger.session.command(charger.ref, list, 5000);
    const [, messageId] = await station.nextCall();
    station.send([3, messageId, { status: "Accepted" }]);
    expect((await outcome).kind).toBe("answered");
    await station.call("Heartbeat", {});
    await hibernate(charger);
    const cost = await costOf(charger, () => station.call("Heartbeat", {}));
    expect(cost).toEqual({ rows: 0, alarms: 0, timers: 0, statements: 0 });
  });

  test("that reports a status costs two rows and one statement", async () => {
    const { charger, station } = await settled(protocol);
    const timestamp = new Date().toISOString();
    const status =
      protocol === "ocpp1.6"
        ? available
        : { timestamp, connectorStatus: "Available", evseId: 1, connectorId: 1 };
    await hibernate(charger);
    const cost = await costOf(charger, async () => {
      await station.call("StatusNotification", status);
      await vi.waitFor(() => expect(database.factsOf(charger.ref.chargerId)).toHaveLength(3));
    });
    expect(cost).toEqual({ rows: 2, alarms: 0, timers: 0, statements: 1 });
  });
});

test("a meter value of 1.6 costs three rows and no timer, beside a row for each handful of answers that is moved", async () => {
  const { charger, station } = await settled();
  const timestamp = new Date().toISOString();
  const started = await station.call("StartTransaction", {
    connectorId: 1,
    idTag: "A",
    meterStart: 0,
    timestamp,
  });
  const { transactionId } = started[2] as { transactionId: number };
  const values = (value: number) => ({
    connectorId: 1,
    transactionId,
    meterValue: [{ timestamp: new Date().toISOString(), sampledValue: [{ value: `${value}` }] }],
  });
  await station.call("MeterValues", values(0));
  await hibernate(charger);
  const cost = await costOf(charger, async () => {
    for (let value = 1; value <= 90; value++) await station.call("MeterValues", values(value));
  });
  expect(cost).toMatchObject({ alarms: 0, timers: 0 });
  // The tables of answers and frames are made on the way.
  expect(cost.rows).toBeLessThanOrEqual(90 * 3 + 90 / 8 + 2);
});

test("a meter value of 2.0.1 costs five rows and no timer, beside a row for each handful of answers that is moved", async () => {
  const { charger, station } = await settled("ocpp2.0.1");
  const event = (eventType: string, seqNo: number) => ({
    eventType,
    timestamp: new Date().toISOString(),
    triggerReason: eventType === "Started" ? "CablePluggedIn" : "MeterValuePeriodic",
    seqNo,
    transactionInfo: { transactionId: "T-1", chargingState: "Charging" },
    evse: { id: 1, connectorId: 1 },
    meterValue: [{ timestamp: new Date().toISOString(), sampledValue: [{ value: seqNo }] }],
  });
  await station.call("TransactionEvent", event("Started", 0));
  await station.call("TransactionEvent", event("Updated", 1));
  await hibernate(charger);
  const cost = await costOf(charger, async () => {
    for (let seqNo = 2; seqNo < 92; seqNo++) await station.call("TransactionEvent", event("Updated", seqNo));
  });
  expect(cost).toMatchObject({ alarms: 0, timers: 0 });
  expect(cost.rows).toBeLessThanOrEqual(90 * 5 + 90 / 8 + 2);
});

test("a command has its answer before anything is written, and one row keeps both of its frames", async () => {
  const { charger, station } = await settled();
  const rowsAt: number[] = [];
  const cost = await costOf(charger, async (rowsSoFar) => {
    const outcome = charger.session.command(charger.ref, { kind: "clearCache" }, 5000);
    const [, id] = await station.nextCall();
    station.send([3, id, { status: "Accepted" }]);
    expect((await outcome).kind).toBe("answered");
    rowsAt.push(rowsSoFar());
    await vi.waitFor(() => expect(rowsSoFar()).toBeGreaterThan(0));
  });
  expect(rowsAt).toEqual([0]);
  expect(cost).toMatchObject({ rows: 1, alarms: 0, statements: 0 });
});

test("100 heartbeats set at most 50 alarms of a row each, and write the time of the last message at most every 15 minutes", async () => {
  const clock = standingClock();
  const { charger, station } = await settled();
  const beganAtMs = clock.nowMs;
  let rung = 0;
  const cost = await costOf(charger, async () => {
    for (let beat = 0; beat < 100; beat++) {
      clock.pass(INTERVAL_MS);
      if (await ringIfDue(charger)) rung++;
      await station.call("Heartbeat", {});
    }
  });
  expect(rung).toBeGreaterThan(30);
  expect(rung).toBeLessThanOrEqual(50);
  expect(cost.alarms).toBeLessThanOrEqual(50);
  // A row for each twelve heartbeats.
  expect(cost.rows).toBeLessThanOrEqual(cost.alarms + 9);
  const seen = database.factsOf(charger.ref.chargerId).filter(({ type }) => type === "seen");
  const gaps = seen.map(
    ({ at }, index) => Date.parse(at) - Date.parse(seen[index - 1]?.at ?? new Date(beganAtMs).toISOString()),
  );
  expect(seen.length).toBeGreaterThan(20);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(15 * 60_000);
  expect(cost.statements).toBe(seen.length);
});

test("heartbeats that no longer fit with the socket are written without a timer", async () => {
  const { charger, station } = await settled();
  const cost = await costOf(charger, async () => {
    for (let beat = 0; beat < 13; beat++) await station.call("Heartbeat", {});
  });
  expect(cost).toEqual({ rows: 1, alarms: 0, timers: 0, statements: 0 });
});

test("heartbeats that wait with the socket are listed after an eviction, in order and byte for byte", async () => {
  const { charger, station } = await settled();
  const sent: string[] = [];
  for (let beat = 0; beat < 30; beat++) {
    // Each is as long as it may be, spelt in its own way.
    const text = `[2, "${`beat-${beat}-`.padEnd(36, "x")}",  "Heartbeat",{ }]`;
    sent.push(text);
    station.socket.send(text);
  }
  await station.until("all answers", () => (station.frames.length >= 31 ? true : null));
  await hibernate(charger);
  const answers = station.frames.slice(1).map((frame) => JSON.stringify(frame));
  const log = await charger.session.frames(charger.ref, everyFrame);
  const exchanged = log?.rows.toReversed().slice(2) ?? [];
  expect(
    exchanged.filter(({ direction }) => direction === "cp_to_csms").map(({ message }) => message),
  ).toEqual(sent);
  expect(
    exchanged.filter(({ direction }) => direction === "csms_to_cp").map(({ message }) => message),
  ).toEqual(answers);
  expect(exchanged.every(({ action }) => action === "Heartbeat")).toBe(true);
});

test("heartbeats that wait with the socket stand before the frames that come after them, and survive the end of the line", async () => {
  const { charger, station } = await settled();
  await station.call("Heartbeat", {});
  await station.call("DataTransfer", { vendorId: "V" });
  await station.call("Heartbeat", {});
  await hibernate(charger);
  station.socket.close(1000, "bye");
  await vi.waitFor(async () => {
    const stored = await inObject(charger, (_instance, { storage }) =>
      storage.sql.exec<{ n: number }>("SELECT sum(frames) AS n FROM frame_blocks").one(),
    );
    expect(stored.n).toBe(8);
  });
  const log = await charger.session.frames(charger.ref, everyFrame);
  const actions = ["BootNotification", "Heartbeat", "DataTransfer", "Heartbeat"];
  expect(log?.rows.toReversed().map(({ action }) => action)).toEqual(
    actions.flatMap((action) => [action, action]),
  );
});

test("a silent station is probed after 2.5 intervals and closed 20 s later, although no message moved the alarm", async () => {
  const clock = standingClock();
  const { charger, station } = await settled();
  for (let beat = 0; beat < 3; beat++) {
    clock.pass(INTERVAL_MS);
    await ringIfDue(charger);
    await station.call("Heartbeat", {});
  }
  const lastMs = clock.nowMs;
  const steps: string[] = [];
  while (!station.closed && clock.nowMs < lastMs + 2 * 750_000) {
    clock.pass(1000);
    if (!(await ringIfDue(charger))) continue;
    if (station.frames.some(([type]) => type === 2) && steps.length === 0)
      steps.push(`probe ${clock.nowMs - lastMs}`);
    await vi.waitFor(() => undefined);
  }
  steps.push(`close ${clock.nowMs - lastMs}`);
  expect(steps).toEqual(["probe 750000", "close 770000"]);
  expect(station.closed?.code).toBe(4008);
}, 60_000);

test("an attachment stays under 2,048 bytes with the longest ids", async () => {
  const { charger, station } = await settled();
  for (let beat = 0; beat < 11; beat++) await station.call("Heartbeat", {}, `${beat}`.padEnd(36, "-"));
  await station.call("StatusNotification", available);
  for (let beat = 0; beat < 11; beat++) await station.call("Heartbeat", {}, `${beat}`.padEnd(36, "+"));
  const attachments = await inObject(charger, (_instance, state) =>
    state.getWebSockets().map((socket) => socket.deserializeAttachment() as { heartbeats: unknown[] }),
  );
  expect(attachments.map(({ heartbeats }) => heartbeats.length)).toEqual([11]);
  expect(JSON.stringify(attachments[0]).length).toBeLessThan(2048);
});

test("a heartbeat whose attachment the runtime refuses is written to the log at once", async () => {
  const { charger, station } = await settled();
  await inObject(charger, (_instance, state) => {
    for (const socket of state.getWebSockets())
      socket.serializeAttachment = () => {
        throw new Error("too large");
      };
  });
  const cost = await costOf(charger, () => station.call("Heartbeat", {}));
  expect(cost.rows).toBe(1);
  expect((await charger.session.frames(charger.ref, everyFrame))?.total).toBe(4);
});

test("dropping 10,000 frames writes at most 101 rows", async () => {
  const charger = await provisioned();
  const frame = { direction: "cp_to_csms", action: "Old", message: "x" } as const;
  const old = Array.from({ length: 500 }, () => ({ ...frame, atMs: Date.now() - 15 * 24 * 3_600_000 }));
  for (let slice = 0; slice < 20; slice++) await charger.session.appendFrames(charger.ref, old);
  const cost = await costOf(charger, () => inObject(charger, (instance) => instance.alarm()));
  expect(cost.rows).toBeLessThanOrEqual(101);
  const left = await inObject(charger, (_instance, { storage }) =>
    storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM frame_blocks").one(),
  );
  expect(left.n).toBe(0);
});

test("a crash after the delivery of facts delivers the same ones again, and no others", async () => {
  const { charger, station } = await settled();
  await station.call("StatusNotification", available);
  await vi.waitFor(() => expect(database.factsOf(charger.ref.chargerId)).toHaveLength(3));
  const told = bare(database.factsOf(charger.ref.chargerId));
  database.flushes = [];
  await expect(inObject(charger, (_instance, state) => state.abort("died"))).rejects.toThrow("died");
  await StationDouble.connect(revived(charger));
  await vi.waitFor(() => expect(database.factsOf(charger.ref.chargerId).length).toBeGreaterThan(1));
  const again = bare(database.factsOf(charger.ref.chargerId));
  // The last fact was stored before it was delivered, and nothing was stored since.
  expect(again.slice(0, 1)).toEqual(told.slice(-1));
  expect(again.slice(1).every(({ type }) => type === "connection")).toBe(true);
});

/** Without the place of a fact in its statement. */
function bare(facts: FlushedFact[]): FlushedFact[] {
  return facts.map((fact) => ({ ...fact, n: 0 }));
}
