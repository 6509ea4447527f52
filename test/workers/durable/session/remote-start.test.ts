import { evictDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { ChargerCommand } from "../../../../src/ocpp/commands.ts";
import type { CommandOutcome } from "../../../../src/ports.ts";
import { costOf } from "./cost-meter.ts";
import { DatabaseDouble, type FlushedFact } from "./database-double.ts";
import { type Charger, type Frame, inObject, provisioned, revived, StationDouble } from "./station-double.ts";

let database: DatabaseDouble;
beforeEach(() => {
  database = new DatabaseDouble();
});

const TEN_MINUTES_MS = 600_000;
const TIMEOUT_MS = 5000;
const hibernate = ({ stub }: Charger) => evictDurableObject(stub, { webSockets: "hibernate" });
const remoteStart = (changed: object = {}) =>
  ({ kind: "remoteStart", connectorId: 1, idTag: "USER123", ...changed }) as const;

/** The states of the rows of a charger that Postgres was told, newest revision only. */
async function told(charger: Charger): Promise<FlushedFact[]> {
  await inObject(charger, (instance) => instance.alarm());
  const newest = new Map<unknown, FlushedFact>();
  for (const fact of database.factsOf(charger.ref.chargerId)) {
    const before = newest.get(fact["transaction_id"]);
    if (fact["revision"] === undefined) continue;
    if (!before || Number(before["revision"]) < Number(fact["revision"]))
      newest.set(fact["transaction_id"], fact);
  }
  return [...newest.values()];
}

/** A booted station and what it is sent. */
async function booted(protocol = "ocpp1.6"): Promise<{ charger: Charger; station: StationDouble }> {
  const charger = await provisioned();
  return { charger, station: await StationDouble.booted(charger, { protocol }) };
}

interface Asked {
  outcome: Promise<CommandOutcome>;
  messageId: string;
  payload: Record<string, unknown>;
}

/** Sends a command and returns the CALL that left for it. */
async function ask(
  { charger, station }: { charger: Charger; station: StationDouble },
  command: ChargerCommand = remoteStart(),
  timeoutMs = TIMEOUT_MS,
): Promise<Asked> {
  const outcome = charger.session.command(charger.ref, command, timeoutMs);
  const [, messageId, , payload] = await station.nextCall();
  return { outcome, messageId, payload };
}

/** A start that the station accepts; returns the id that was reserved for it. */
async function accepted(
  all: { charger: Charger; station: StationDouble },
  command: ChargerCommand = remoteStart(),
  answer: object = {},
): Promise<number> {
  const { outcome, messageId } = await ask(all, command);
  all.station.send([3, messageId, { status: "Accepted", ...answer }]);
  return reservedBy(await outcome);
}

function reservedBy(outcome: CommandOutcome): number {
  if (outcome.kind !== "answered" || outcome.answer.kind !== "started")
    throw new TypeError(`The start ended with ${JSON.stringify(outcome)}`);
  return outcome.answer.transactionId;
}

const startTransaction = (changed: object = {}) => ({
  connectorId: 1,
  idTag: "USER123",
  meterStart: 1000,
  timestamp: new Date().toISOString(),
  ...changed,
});
const idIn = (answer: Frame) => (answer[2] as { transactionId: number }).transactionId;

/** The time as code under test sees it, moved by `ms`. */
function later(ms: number): void {
  const nowMs = Date.now() + ms;
  const clock = vi.spyOn(Date, "now").mockImplementation(() => nowMs);
  onTestFinished(() => clock.mockRestore());
}

describe("a remote start of a 1.6 station", () => {
  test("reserves a pending row that the next StartTransaction of its connector and tag claims", async () => {
    const all = await booted();
    const id = await accepted(all);
    const [pending] = await told(all.charger);
    const about = { transaction_id: id, evse_id: 1, id_tag: "USER123", remote_started: true };
    expect(pending).toMatchObject({ ...about, status: "pending", id: expect.stringMatching(/^txn_/) });
    const start = startTransaction({ idTag: "user123" });
    expect(idIn(await all.station.call("StartTransaction", start))).toBe(id);
    expect(await told(all.charger)).toMatchObject([
      { ...about, id: pending?.["id"], status: "in_progress", id_tag: "user123", meter_start_wh: 1000 },
    ]);
  });

  test("counts a StartTransaction once that is repeated under another message id", async () => {
    const all = await booted();
    const id = await accepted(all);
    const start = startTransaction();
    expect(idIn(await all.station.call("StartTransaction", start))).toBe(id);
    await hibernate(all.charger);
    expect(idIn(await all.station.call("StartTransaction", start))).toBe(id);
    const next = startTransaction({ meterStart: 2000 });
    expect(idIn(await all.station.call("StartTransaction", next))).toBeGreaterThan(id);
    expect((await told(all.charger)).map((row) => row["transaction_id"])).toHaveLength(2);
  });

  test("is stored before its CALL leaves, so that it is claimed though the object ended before the answer", async () => {
    const all = await booted();
    const { outcome } = await ask(all);
    const died = inObject(all.charger, (_instance, state) => state.abort("died"));
    await expect(died).rejects.toThrow("died");
    expect(await outcome).toMatchObject({ kind: "lost", sent: true });
    const charger = revived(all.charger);
    const [pending] = await told(charger);
    expect(pending).toMatchObject({ status: "pending" });
    const station = await StationDouble.connect(charger);
    const id = idIn(await station.call("StartTransaction", startTransaction()));
    expect(await told(charger)).toMatchObject([
      { transaction_id: id, id: pending?.["id"], status: "in_progress", remote_started: true },
    ]);
  });

  test.each([
    ["refused", (id: string): Frame => [3, id, { status: "Rejected" }]],
    ["answered with an error", (id: string): Frame => [4, id, "NotSupported", "", {}]],
  ])("that is %s leaves no open row and reserves nothing", async (_how, answer) => {
    const all = await booted();
    const { outcome, messageId } = await ask(all);
    all.station.send(answer(messageId));
    await outcome;
    const [row] = await told(all.charger);
    expect(row).toMatchObject({ status: "expired" });
    const id = idIn(await all.station.call("StartTransaction", startTransaction()));
    expect(id).not.toBe(row?.["transaction_id"]);
    const statuses = (await told(all.charger)).map((each) => [each["status"], each["remote_started"]]);
    expect(statuses).toEqual([
      ["expired", true],
      ["in_progress", false],
    ]);
  });

  test("that timed out keeps its row, which a later StartTransaction claims", async () => {
    const all = await booted();
    const { outcome } = await ask(all, remoteStart(), 100);
    expect(await outcome).toMatchObject({ kind: "timeout", sent: true });
    const [row] = await told(all.charger);
    expect(row).toMatchObject({ status: "pending" });
    expect(idIn(await all.station.call("StartTransaction", startTransaction()))).toBe(
      row?.["transaction_id"],
    );
  });

  test("expires when nothing came of it for ten minutes, and a later tap of its tag has a row of its own", async () => {
    const all = await booted();
    const id = await accepted(all);
    const dueMs = await inObject(all.charger, (_instance, { storage }) => storage.getAlarm());
    expect(dueMs).toBeLessThanOrEqual(Date.now() + TEN_MINUTES_MS + 1);
    later(TEN_MINUTES_MS + 1000);
    expect(await told(all.charger)).toMatchObject([{ transaction_id: id, status: "expired" }]);
    const late = startTransaction({ timestamp: new Date(Date.now()).toISOString() });
    expect(idIn(await all.station.call("StartTransaction", late))).toBeGreaterThan(id);
  });

  test("is claimed after it expired by a StartTransaction that had begun in time and waited for a connection", async () => {
    const all = await booted();
    const id = await accepted(all);
    const began = startTransaction();
    later(TEN_MINUTES_MS + 1000);
    expect(await told(all.charger)).toMatchObject([{ status: "expired" }]);
    expect(idIn(await all.station.call("StartTransaction", began))).toBe(id);
    expect(await told(all.charger)).toMatchObject([{ transaction_id: id, status: "in_progress" }]);
  });

  test("is claimed by the StartTransaction of its time, though a newer start waits on the connector", async () => {
    const all = await booted();
    const id = await accepted(all);
    const began = startTransaction();
    later(TEN_MINUTES_MS + 1000);
    expect(await told(all.charger)).toMatchObject([{ status: "expired" }]);
    const newer = await accepted(all);
    expect(idIn(await all.station.call("StartTransaction", began))).toBe(id);
    // The newer start was asked for after that transaction began, so its own one still claims it.
    const next = startTransaction({ meterStart: 2000, timestamp: new Date(Date.now()).toISOString() });
    expect(idIn(await all.station.call("StartTransaction", next))).toBe(newer);
  });

  test("is not claimed from another connector or by another tag", async () => {
    const all = await booted();
    const id = await accepted(all);
    for (const other of [{ connectorId: 2 }, { idTag: "OTHER" }])
      expect(idIn(await all.station.call("StartTransaction", startTransaction(other)))).toBeGreaterThan(id);
    expect(await told(all.charger)).toMatchObject([{ transaction_id: id, status: "pending" }, {}, {}]);
  });

  test("of two on one connector the newer one is claimed and the older one expires", async () => {
    const all = await booted();
    const [older, newer] = [await accepted(all), await accepted(all)];
    expect(idIn(await all.station.call("StartTransaction", startTransaction()))).toBe(newer);
    const rows = await told(all.charger);
    const statuses = Object.fromEntries(rows.map((row) => [row["transaction_id"], row["status"]]));
    expect(statuses).toEqual({ [older]: "expired", [newer]: "in_progress" });
    const again = startTransaction({ meterStart: 5 });
    expect(idIn(await all.station.call("StartTransaction", again))).toBeGreaterThan(newer);
  });

  test("has the tag of remote starts accepted once, for what was started", async () => {
    const all = await booted();
    await accepted(all, remoteStart({ idTag: "CAPACITOR" }));
    const info = async (action: string, payload: object) =>
      ((await all.station.call(action, payload))[2] as { idTagInfo: object }).idTagInfo;
    expect(await info("Authorize", { idTag: "CAPACITOR" })).toEqual({ status: "Accepted" });
    const start = startTransaction({ idTag: "CAPACITOR" });
    expect(await info("StartTransaction", start)).toEqual({ status: "Accepted" });
    expect(await info("Authorize", { idTag: "CAPACITOR" })).toEqual({ status: "Invalid" });
    const tap = startTransaction({ idTag: "CAPACITOR", connectorId: 2 });
    expect(await info("StartTransaction", tap)).toEqual({ status: "Invalid" });
  });

  test("that is a call as the specification writes it leaves the same row, for any connector if it names none", async () => {
    const all = await booted();
    const asWritten = { idTag: "USER123" };
    const call = {
      kind: "raw",
      action: "RemoteStartTransaction",
      payload: asWritten,
      onlyVersion: null,
    } as const;
    const { outcome, messageId, payload } = await ask(all, call);
    expect(payload).toEqual(asWritten);
    all.station.send([3, messageId, { status: "Accepted" }]);
    expect(await outcome).toMatchObject({ kind: "answered", answer: { kind: "payload" } });
    const [row] = await told(all.charger);
    expect(row).toMatchObject({ status: "pending", id_tag: "USER123" });
    const start = startTransaction({ connectorId: 2 });
    expect(idIn(await all.station.call("StartTransaction", start))).toBe(row?.["transaction_id"]);
  });

  test("is not sent when no transaction id can be had", async () => {
    database.isDown = true;
    const all = await booted();
    const outcome = await all.charger.session.command(all.charger.ref, remoteStart(), TIMEOUT_MS);
    expect(outcome).toEqual({ kind: "unavailable" });
    expect(await inObject(all.charger, (_instance, { storage }) => storage.kv.get("record"))).toMatchObject({
      remoteStarts: [],
    });
  });

  test("whose transaction id comes after its deadline is not sent, and leaves no row", async () => {
    database.latencyMs = 800;
    const all = await booted();
    const outcome = await all.charger.session.command(all.charger.ref, remoteStart(), 200);
    expect(outcome).toMatchObject({ kind: "timeout", sent: false });
    database.latencyMs = 0;
    expect(await told(all.charger)).toEqual([]);
  });

  test("ends with its charger", async () => {
    const all = await booted();
    await accepted(all);
    await all.charger.session.retire(all.charger.ref);
    const statuses = database.factsOf(all.charger.ref.chargerId).flatMap((fact) => fact["status"] ?? []);
    expect(statuses.at(-1)).toBe("expired");
  });
});

test("no remote start is noted for a command that never left", async () => {
  const all = await booted();
  const first = await ask(all, { kind: "clearCache" }, 300);
  const start = all.charger.session.command(all.charger.ref, remoteStart(), 200);
  expect(await start).toMatchObject({ kind: "timeout", sent: false });
  await first.outcome;
  const tooLong = remoteStart({ idTag: "A".repeat(21) });
  const refused = await all.charger.session.command(all.charger.ref, tooLong, TIMEOUT_MS);
  expect(refused).toMatchObject({ kind: "invalidCommand", pointer: "/idTag" });
  expect(await told(all.charger)).toEqual([]);
});

test("a call that starts or stops a transaction is refused while the station is not accepted", async () => {
  const charger = await provisioned({ registrationStatus: "Pending" });
  await StationDouble.booted(charger);
  for (const action of ["RemoteStartTransaction", "RemoteStopTransaction"])
    expect(await charger.session.command(charger.ref, { kind: "call", action, payload: {} }, 1000)).toEqual({
      kind: "notAccepted",
    });
});

describe.each(["ocpp2.0.1", "ocpp2.1"])("a remote start of a %s station", (protocol) => {
  const event = (
    eventType: string,
    { info = {}, seqNo = 0, ...changed }: { info?: object; seqNo?: number; [field: string]: unknown } = {},
  ) => ({
    eventType,
    timestamp: new Date().toISOString(),
    triggerReason: "RemoteStart",
    seqNo,
    transactionInfo: { transactionId: "station-1", ...info },
    evse: { id: 1, connectorId: 1 },
    ...changed,
  });
  const idToken = { idToken: "USER123", type: "Central" };

  test("carries the reserved id, by which the first TransactionEvent claims the row", async () => {
    const all = await booted(protocol);
    const { outcome, messageId, payload } = await ask(all);
    all.station.send([3, messageId, { status: "Accepted" }]);
    const id = reservedBy(await outcome);
    expect(payload).toEqual({ remoteStartId: id, idToken, evseId: 1 });
    const [pending] = await told(all.charger);
    expect(pending).toMatchObject({ transaction_id: id, status: "pending" });
    const started = event("Started", { info: { remoteStartId: id }, idToken });
    for (let times = 0; times < 2; times++) await all.station.call("TransactionEvent", started);
    expect(await told(all.charger)).toMatchObject([
      {
        transaction_id: id,
        id: pending?.["id"],
        status: "in_progress",
        ocpp_transaction_id: "station-1",
        remote_started: true,
      },
    ]);
  });

  test("is claimed by its number however late, and by no other number", async () => {
    const all = await booted(protocol);
    const id = await accepted(all);
    const info = { transactionId: "other", remoteStartId: id + 1 };
    await all.station.call("TransactionEvent", event("Started", { info, idToken }));
    later(TEN_MINUTES_MS + 1000);
    expect((await told(all.charger)).map((row) => row["status"])).toEqual(["expired", "in_progress"]);
    await all.station.call("TransactionEvent", event("Started", { info: { remoteStartId: id }, idToken }));
    const row = (await told(all.charger)).find((each) => each["transaction_id"] === id);
    expect(row).toMatchObject({ status: "in_progress", remote_started: true });
  });

  test("of a transaction that runs already tells that one's id, and its own row expires", async () => {
    const all = await booted(protocol);
    await all.station.call("TransactionEvent", event("Started", { triggerReason: "CablePluggedIn" }));
    const [running] = await told(all.charger);
    const id = await accepted(all, remoteStart(), { transactionId: "station-1" });
    expect(id).toBe(running?.["transaction_id"]);
    const rows = await told(all.charger);
    const reserved = rows.find((row) => row["status"] === "pending")?.["transaction_id"];
    const info = { remoteStartId: reserved as number };
    await all.station.call("TransactionEvent", event("Updated", { seqNo: 1, info, idToken }));
    expect(await told(all.charger)).toMatchObject([
      { transaction_id: id, status: "in_progress", remote_started: true, id_tag: "USER123" },
      { transaction_id: reserved, status: "expired" },
    ]);
  });

  test("that is a call keeps the number its caller chose, and is claimed by it", async () => {
    const all = await booted(protocol);
    const payload = { remoteStartId: 77, idToken, evseId: 1 };
    const call = { kind: "raw", action: "RequestStartTransaction", payload, onlyVersion: null } as const;
    const asked = await ask(all, call);
    expect(asked.payload).toEqual(payload);
    all.station.send([3, asked.messageId, { status: "Accepted" }]);
    await asked.outcome;
    const [row] = await told(all.charger);
    await all.station.call("TransactionEvent", event("Started", { info: { remoteStartId: 77 }, idToken }));
    expect(await told(all.charger)).toMatchObject([
      { transaction_id: row?.["transaction_id"], status: "in_progress", remote_started: true },
    ]);
  });
});

test("a remote start costs one write of the record, and at most one alarm beside it", async () => {
  const all = await booted();
  // Takes the block of ids, and makes the tables.
  const first = await accepted(all);
  await all.station.call("StartTransaction", startTransaction());
  await told(all.charger);
  const cost = await costOf(all.charger, async () => {
    const next = await accepted(all, remoteStart({ connectorId: 2 }));
    expect(next).toBe(first + 1);
    await vi.waitFor(() =>
      expect(database.factsOf(all.charger.ref.chargerId)).toContainEqual(
        expect.objectContaining({ transaction_id: next, status: "pending" }),
      ),
    );
  });
  expect(cost).toMatchObject({ alarms: 1, statements: 1 });
  // The record with the CALL, an alarm for the expiry, and the frames, whose last row may wait.
  expect(cost.rows).toBeLessThanOrEqual(4);
});
