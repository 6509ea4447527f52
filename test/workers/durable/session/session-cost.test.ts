import { beforeEach, expect, test, vi } from "vitest";
import { costOf } from "./cost-meter.ts";
import { DatabaseDouble } from "./database-double.ts";
import { provisioned, StationDouble, type Charger } from "./station-double.ts";

let database: DatabaseDouble;
beforeEach(() => {
  database = new DatabaseDouble();
});

/** What one charging session, started remotely and stopped, is on this version. */
const SESSIONS = {
  "ocpp1.6": {
    begin: (n: number, _id: number) => [
      "StartTransaction",
      { connectorId: 1, idTag: "TAG", meterStart: n, timestamp: new Date().toISOString() },
    ],
    end: (_n: number, transactionId: number) => [
      "StopTransaction",
      { transactionId, meterStop: 9000, timestamp: new Date().toISOString() },
    ],
  },
  "ocpp2.0.1": {
    begin: (n: number, remoteStartId: number) => [
      "TransactionEvent",
      event("Started", n, 0, { remoteStartId }),
    ],
    end: (n: number, _id: number) => ["TransactionEvent", event("Ended", n, 1, {})],
  },
} as const;

function event(eventType: string, n: number, seqNo: number, info: object) {
  return {
    eventType,
    timestamp: new Date().toISOString(),
    triggerReason: eventType === "Started" ? "RemoteStart" : "RemoteStop",
    seqNo,
    transactionInfo: { transactionId: `T-${n}`, ...info },
    evse: { id: 1, connectorId: 1 },
    ...(seqNo === 0 && { idToken: { idToken: "TAG", type: "Central" } }),
  };
}

const statusOf = (charger: Charger, id: number) =>
  database
    .factsOf(charger.ref.chargerId)
    .filter((fact) => fact["transaction_id"] === id)
    .at(-1)?.["status"];

/** Starts remotely, begins and ends; returns when Postgres knows the end. */
async function session(
  { charger, station }: { charger: Charger; station: StationDouble },
  words: (typeof SESSIONS)[keyof typeof SESSIONS],
  n: number,
): Promise<void> {
  const command = { kind: "remoteStart", connectorId: 1, idTag: "TAG" } as const;
  const outcome = charger.session.command(charger.ref, command, 5000);
  const [, messageId] = await station.nextCall();
  station.send([3, messageId, { status: "Accepted" }]);
  const answered = await outcome;
  if (answered.kind !== "answered" || answered.answer.kind !== "started") throw new TypeError(answered.kind);
  const { transactionId } = answered.answer;
  for (const [action, payload] of [words.begin(n, transactionId), words.end(n, transactionId)] as [
    string,
    object,
  ][])
    expect((await station.call(action, payload))[0]).toBe(3);
  await vi.waitFor(() => expect(statusOf(charger, transactionId)).toBe("completed"));
}

test.each([
  ["ocpp1.6", 13],
  ["ocpp2.0.1", 17],
] as const)(
  "a %s session that is started remotely and stopped writes at most %i rows",
  async (protocol, rowsMax) => {
    const charger = await provisioned();
    const all = { charger, station: await StationDouble.booted(charger, { protocol }) };
    // Takes the block of ids and makes the tables.
    await session(all, SESSIONS[protocol], 1);
    const cost = await costOf(charger, () => session(all, SESSIONS[protocol], 2));
    expect(cost.rows).toBeLessThanOrEqual(rowsMax);
    expect(cost).toMatchObject({ alarms: 0, timers: 0 });
  },
);
