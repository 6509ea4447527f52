import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { ChargerCommand } from "../../../../src/ocpp/commands.ts";
import { costOf } from "./cost-meter.ts";
import { DatabaseDouble } from "./database-double.ts";
import { type Charger, inObject, provisioned, StationDouble } from "./station-double.ts";

let database: DatabaseDouble;
beforeEach(() => {
  database = new DatabaseDouble();
});

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The message by which a tag begins to charge. */
function begin(protocol: string, n: number): [string, object] {
  const timestamp = new Date().toISOString();
  if (protocol === "ocpp1.6")
    return ["StartTransaction", { connectorId: 1, idTag: "TAG", meterStart: n, timestamp }];
  return [
    "TransactionEvent",
    {
      eventType: "Started",
      seqNo: 0,
      timestamp,
      triggerReason: "Authorized",
      transactionInfo: { transactionId: `T-${n}` },
      evse: { id: 1, connectorId: 1 },
      idToken: { idToken: "TAG", type: "Central" },
    },
  ];
}

describe.each(["ocpp1.6", "ocpp2.0.1"])("a reservation at a %s station", (protocol) => {
  let charger: Charger;
  let station: StationDouble;
  beforeEach(async () => {
    charger = await provisioned();
    station = await StationDouble.booted(charger, { protocol });
    // Makes the tables, takes the block of transaction ids and asks once for the policy of tags.
    await reserve(1);
    await start(1, 1);
  });

  const statuses = () => database.factsOf(charger.ref.chargerId).map(({ status }) => status);
  const known = (status: string, times: number) =>
    vi.waitFor(() => expect(statuses().filter((each) => each === status)).toHaveLength(times));

  async function answered(command: ChargerCommand): Promise<void> {
    const outcome = charger.session.command(charger.ref, command, 5000);
    const [, messageId] = await station.nextCall();
    station.send([3, messageId, { status: "Accepted" }]);
    expect((await outcome).kind).toBe("answered");
  }

  /** Reserves, as the n-th time, and returns when Postgres knows. */
  async function reserve(n: number, forMs = HOUR_MS): Promise<void> {
    const expiresAt = new Date(Date.now() + forMs).toISOString();
    await answered({ kind: "reserve", connectorId: 1, idTag: "TAG", groupId: null, expiresAt });
    await known("active", n);
  }

  /** The n-th transaction; returns when Postgres knows of it and of the reservation that it used. */
  async function start(n: number, used: number): Promise<void> {
    expect((await station.call(...begin(protocol, n)))[0]).toBe(3);
    await known("in_progress", n);
    await known("used", used);
  }

  test("costs three rows and one statement when it is made, and no alarm where one rings earlier", async () => {
    const cost = await costOf(charger, () => reserve(2));
    expect(cost).toEqual({ rows: 3, alarms: 0, timers: 0, statements: 1 });
  });

  test("costs one statement more than its transaction when it is used, and no row, alarm or timer", async () => {
    const unreserved = await costOf(charger, () => start(2, 1));
    await reserve(2);
    const cost = await costOf(charger, () => start(3, 2));
    expect(cost).toEqual({ ...unreserved, statements: unreserved.statements + 1 });
  });

  test("costs two rows and one statement when it is cancelled", async () => {
    await reserve(2);
    const snapshot = await charger.session.snapshot(charger.ref);
    const reservationId = snapshot?.reservations[0]?.reservationId ?? 0;
    const cost = await costOf(charger, async () => {
      await answered({ kind: "cancelReservation", reservationId });
      await known("cancelled", 1);
    });
    expect(cost).toEqual({ rows: 2, alarms: 0, timers: 0, statements: 1 });
  });

  test("costs an alarm when it ends soon, and two rows and one statement when that alarm ends it", async () => {
    const made = await costOf(charger, () => reserve(2, MINUTE_MS));
    expect(made).toEqual({ rows: 4, alarms: 1, timers: 0, statements: 1 });
    const nowMs = Date.now() + MINUTE_MS;
    const clock = vi.spyOn(Date, "now").mockImplementation(() => nowMs);
    onTestFinished(() => clock.mockRestore());
    const cost = await costOf(charger, async () => {
      await inObject(charger, (instance) => instance.alarm());
      await known("expired", 1);
    });
    // One of the rows is the alarm that follows; the flush of an alarm waits for those of other sessions.
    expect(cost).toEqual({ rows: 2, alarms: 1, timers: 1, statements: 1 });
  });
});
