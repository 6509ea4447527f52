import { evictDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { ChargerCommand } from "../../../../src/ocpp/commands.ts";
import type { CommandOutcome } from "../../../../src/ports.ts";
import { DatabaseDouble, type FlushedFact } from "./database-double.ts";
import { type Charger, inObject, provisioned, revived, StationDouble } from "./station-double.ts";

let database: DatabaseDouble;
beforeEach(() => {
  database = new DatabaseDouble();
});

const HOUR_MS = 3_600_000;
const TIMEOUT_MS = 5000;

interface All {
  charger: Charger;
  station: StationDouble;
}

async function booted(protocol = "ocpp1.6"): Promise<All> {
  const charger = await provisioned();
  return { charger, station: await StationDouble.booted(charger, { protocol }) };
}

/** The newest fact of each reservation that Postgres was told. */
async function told(charger: Charger): Promise<FlushedFact[]> {
  await inObject(charger, (instance) => instance.alarm());
  const newest = new Map<unknown, FlushedFact>();
  for (const fact of database.factsOf(charger.ref.chargerId)) {
    if (fact["reservation_id"] === undefined) continue;
    const before = newest.get(fact["id"]);
    if (!before || Number(before["revision"]) < Number(fact["revision"])) newest.set(fact["id"], fact);
  }
  return [...newest.values()];
}

const statuses = async ({ charger }: All) => (await told(charger)).map((row) => row["status"]);

const reserve = (changed: object = {}) =>
  ({
    kind: "reserve",
    connectorId: 1,
    idTag: "USER123",
    groupId: null,
    expiresAt: new Date(Date.now() + HOUR_MS).toISOString(),
    ...changed,
  }) as const;

async function ask({ charger, station }: All, command: ChargerCommand, timeoutMs = TIMEOUT_MS) {
  const outcome = charger.session.command(charger.ref, command, timeoutMs);
  const [, messageId, action, payload] = await station.nextCall();
  return { outcome, messageId, action, payload };
}

async function answered(all: All, command: ChargerCommand, status: string): Promise<CommandOutcome> {
  const { outcome, messageId } = await ask(all, command);
  all.station.send([3, messageId, { status }]);
  return outcome;
}

/** Reserves, and returns the number that the station knows the reservation by. */
async function reserved(all: All, changed: object = {}): Promise<number> {
  const outcome = await answered(all, reserve(changed), "Accepted");
  if (outcome.kind !== "answered" || outcome.answer.kind !== "reserved")
    throw new TypeError(`The reservation ended with ${JSON.stringify(outcome)}`);
  expect(outcome.answer.reservation).toMatchObject({ id: expect.stringMatching(/^rsv_/) });
  return outcome.answer.reservationId;
}

function later(ms: number): void {
  const nowMs = Date.now() + ms;
  const clock = vi.spyOn(Date, "now").mockImplementation(() => nowMs);
  onTestFinished(() => clock.mockRestore());
}

/** The message by which charging begins. */
function begin(protocol: string, { tag = "USER123", evse = 1, reservationId = 0 } = {}): [string, object] {
  const timestamp = new Date().toISOString();
  const named = reservationId === 0 ? {} : { reservationId };
  if (protocol === "ocpp1.6")
    return ["StartTransaction", { connectorId: evse, idTag: tag, meterStart: 0, timestamp, ...named }];
  return [
    "TransactionEvent",
    {
      eventType: "Started",
      seqNo: 0,
      timestamp,
      triggerReason: "Authorized",
      transactionInfo: { transactionId: crypto.randomUUID() },
      evse: { id: evse, connectorId: 1 },
      idToken: { idToken: tag, type: "Central" },
      ...named,
    },
  ];
}

const asRaw = (action: string, payload: object) =>
  ({ kind: "raw", action, payload, onlyVersion: null }) as ChargerCommand;

describe.each(["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])("a reservation at a %s station", (protocol) => {
  test("is sent as the version writes it, and Postgres is told of it once it is accepted", async () => {
    const all = await booted(protocol);
    const command = reserve({ groupId: "FAMILY" });
    const { outcome, messageId, action, payload } = await ask(all, command);
    expect(action).toBe("ReserveNow");
    expect(payload).toMatchObject(
      protocol === "ocpp1.6"
        ? { connectorId: 1, idTag: "USER123", parentIdTag: "FAMILY", expiryDate: command.expiresAt }
        : {
            evseId: 1,
            idToken: { idToken: "USER123", type: "Central" },
            groupIdToken: { idToken: "FAMILY", type: "Central" },
            expiryDateTime: command.expiresAt,
          },
    );
    expect(await told(all.charger)).toEqual([]);
    all.station.send([3, messageId, { status: "Accepted" }]);
    await outcome;
    expect(await told(all.charger)).toMatchObject([
      {
        status: "active",
        reservation_id: protocol === "ocpp1.6" ? payload["reservationId"] : payload["id"],
        evse_id: 1,
        id_tag: "USER123",
        group_id: "FAMILY",
        transaction_id: null,
      },
    ]);
  });

  test.each(["Occupied", "Rejected", "Faulted", "Unavailable"])(
    "that is answered %s leaves no row",
    async (word) => {
      const all = await booted(protocol);
      const outcome = await answered(all, reserve(), word);
      expect(outcome).toMatchObject({
        kind: "answered",
        answer: { kind: "reserved", status: word.toLowerCase(), ocppStatus: word },
      });
      await all.station.call(...begin(protocol));
      expect(await told(all.charger)).toEqual([]);
    },
  );

  test("is used up by a start of its tag, with its transaction", async () => {
    const all = await booted(protocol);
    await reserved(all);
    await all.station.call(...begin(protocol, { tag: "OTHER" }));
    expect(await statuses(all)).toEqual(["active"]);
    await all.station.call(...begin(protocol, { tag: "user123" }));
    const [row] = await told(all.charger);
    expect(row).toMatchObject({ status: "used", transaction_id: expect.any(Number) });
    const { transactions } = (await all.charger.session.snapshot(all.charger.ref)) ?? {};
    expect(transactions?.map(({ transactionId }) => transactionId)).toContain(row?.["transaction_id"]);
  });

  test("that a driver uses before its station has answered is answered as used, with its row", async () => {
    const all = await booted(protocol);
    const { outcome, messageId } = await ask(all, reserve());
    await all.station.call(...begin(protocol));
    const [row] = await told(all.charger);
    all.station.send([3, messageId, { status: "Accepted" }]);
    const ended = { status: "used", transactionId: row?.["transaction_id"] };
    expect(row).toMatchObject({ status: "used", transaction_id: expect.any(Number) });
    expect(await outcome).toMatchObject({
      answer: { status: "accepted", reservation: { id: row?.["id"], ended } },
    });
    expect(await statuses(all)).toEqual(["used"]);
    // The next one is its own.
    await reserved(all);
    expect(await statuses(all)).toEqual(["used", "active"]);
  });

  test("is used up by a start of another tag of its group that names it", async () => {
    const all = await booted(protocol);
    const reservationId = await reserved(all, { groupId: "FAMILY" });
    await all.station.call(...begin(protocol, { tag: "SISTER", reservationId }));
    expect(await told(all.charger)).toMatchObject([{ status: "used", transaction_id: expect.any(Number) }]);
  });

  test("is cancelled, or removed where the station does not hold it", async () => {
    const all = await booted(protocol);
    for (const [word, status] of [
      ["Accepted", "cancelled"],
      ["Rejected", "removed"],
    ] as const) {
      const reservationId = await reserved(all);
      await answered(all, { kind: "cancelReservation", reservationId }, word);
      expect((await told(all.charger)).at(-1)).toMatchObject({ status, reservation_id: reservationId });
    }
    expect(await all.charger.session.snapshot(all.charger.ref)).toMatchObject({ reservations: [] });
  });

  test("expires without a connection, and a start within its time that comes late still uses it", async () => {
    const all = await booted(protocol);
    await reserved(all);
    const late = begin(protocol);
    all.station.socket.close(1000, "bye");
    await vi.waitFor(async () =>
      expect(await all.charger.session.snapshot(all.charger.ref)).toMatchObject({ online: false }),
    );
    const dueMs = await inObject(all.charger, (_instance, { storage }) => storage.getAlarm());
    expect(dueMs).toBeLessThanOrEqual(Date.now() + HOUR_MS);
    later(HOUR_MS + 1000);
    expect(await statuses(all)).toEqual(["expired"]);
    const station = await StationDouble.connect(all.charger, { protocol });
    await station.call(...late);
    expect(await statuses(all)).toEqual(["used"]);
  });

  test("outlives the end of its object, a reconnect and a boot", async () => {
    const all = await booted(protocol);
    await reserved(all);
    await evictDurableObject(all.charger.stub, { webSockets: "close" });
    const station = await StationDouble.booted(all.charger, { protocol });
    await station.call(...begin(protocol));
    expect(await statuses(all)).toEqual(["used"]);
  });

  test("that is a call as the specification writes it leaves the same traces", async () => {
    const all = await booted(protocol);
    const expiry = new Date(Date.now() + HOUR_MS).toISOString();
    const payload =
      protocol === "ocpp1.6"
        ? { connectorId: 0, expiryDate: expiry, idTag: "RAW", reservationId: 9 }
        : { id: 9, expiryDateTime: expiry, idToken: { idToken: "RAW", type: "ISO14443" } };
    await answered(all, asRaw("ReserveNow", payload), "Accepted");
    expect(await told(all.charger)).toMatchObject([
      { status: "active", reservation_id: 9, evse_id: 0, id_tag: "RAW", expires_at: expiry },
    ]);
    // A station replaces the reservation whose number it is given again.
    await answered(all, asRaw("ReserveNow", payload), "Accepted");
    expect(await statuses(all)).toEqual(["cancelled", "active"]);
    await answered(all, asRaw("CancelReservation", { reservationId: 9 }), "Accepted");
    expect(await statuses(all)).toEqual(["cancelled", "cancelled"]);
  });
});

test.each([
  ["Expired", "expired"],
  ["Removed", "removed"],
])("a station that says %s of its reservation ends it so, once", async (word, status) => {
  const all = await booted("ocpp2.0.1");
  const reservationId = await reserved(all);
  const update = { reservationId, reservationUpdateStatus: word };
  await all.station.call("ReservationStatusUpdate", update);
  await all.station.call("ReservationStatusUpdate", update);
  expect(await told(all.charger)).toMatchObject([{ status, transaction_id: null }]);
});

test("a reservation is stored before its CALL leaves, and counts as held when no answer came", async () => {
  const all = await booted();
  const { outcome } = await ask(all, reserve());
  const died = inObject(all.charger, (_instance, state) => state.abort("died"));
  await expect(died).rejects.toThrow("died");
  expect(await outcome).toMatchObject({ kind: "lost", sent: true });
  const charger = revived(all.charger);
  expect(await told(charger)).toEqual([]);
  later(151_000);
  expect(await told(charger)).toMatchObject([{ status: "active" }]);
});

test("more reservations than a session keeps are refused before anything is sent", async () => {
  const all = await booted();
  for (let n = 0; n < 32; n++) await reserved(all);
  const outcome = await all.charger.session.command(all.charger.ref, reserve(), TIMEOUT_MS);
  expect(outcome).toEqual({ kind: "busy" });
});

test("a tag that is too long for 1.6 is refused, and nothing is noted", async () => {
  const { charger } = await booted();
  const long = reserve({ idTag: "A".repeat(21) });
  expect(await charger.session.command(charger.ref, long, TIMEOUT_MS)).toMatchObject({
    kind: "invalidCommand",
    pointer: "/idTag",
  });
  expect(await charger.session.snapshot(charger.ref)).toMatchObject({ reservations: [] });
});

test("nothing is reserved at a station that is not accepted", async () => {
  const charger = await provisioned({ registrationStatus: "Pending" });
  await StationDouble.booted(charger);
  for (const command of [reserve(), asRaw("ReserveNow", {})])
    expect((await charger.session.command(charger.ref, command, 1000)).kind).not.toBe("answered");
  expect(await charger.session.command(charger.ref, reserve(), 1000)).toEqual({ kind: "notAccepted" });
});

test("a reservation ends with its charger, and an erased tag is replaced in it", async () => {
  const all = await booted();
  await reserved(all);
  await all.charger.session.eraseTag(all.charger.ref, "user123", "erased-1");
  expect(await all.charger.session.snapshot(all.charger.ref)).toMatchObject({
    reservations: [{ idTag: "erased-1" }],
  });
  await all.charger.session.retire(all.charger.ref);
  const facts = database.factsOf(all.charger.ref.chargerId).flatMap((fact) => fact["status"] ?? []);
  expect(facts.at(-1)).toBe("removed");
});
