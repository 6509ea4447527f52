import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { OCPP_VERSIONS } from "../../src/ocpp/version.ts";
import { call } from "../harness/fleet.ts";
import { chargingWords } from "../harness/ocpp-station/charging-words.ts";
import { ForeignStation } from "../harness/ocpp-station/foreign-station.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const API = "/api/v1";
const idTag = "USER123";

const show = (id: number | string) => call(stack, "GET", `${API}/transactions/${id}`);
const start = (station: ForeignStation, timeoutSeconds = 10, body: object = { idTag }) =>
  call(stack, "POST", `${API}/chargers/${station.identity}/remote-start?timeout=${timeoutSeconds}`, {
    connectorId: 1,
    ...body,
  });
const shown = z.looseObject({ id: z.string(), transactionId: z.number(), status: z.string() });

/** The row once it has this status. */
function rowWith(id: number, status: string) {
  return waitFor(`transaction ${id} ${status}`, async () => {
    const row = shown.safeParse((await show(id)).body);
    return row.data?.status === status && row.data;
  });
}

/** The number that the newest CALL reserved: on 2.x it is in the CALL, on 1.6 it is the newest row's. */
const reserved = z.object({ transactionId: z.number() });

describe.concurrent.each(OCPP_VERSIONS.map((version) => ({ version })))("on $version", ({ version }) => {
  const words = chargingWords(version);
  const booted = (purpose: string) =>
    ForeignStation.booted(stack, `${purpose}-${version.replaceAll(".", "")}`, version);

  test("a transaction is started, claimed, stopped and shown as documented", async () => {
    const station = await booted("RUNS");
    station.react = () => ({ answer: { status: "Accepted" } });
    const answer = await start(station);
    const { transactionId } = reserved.parse(answer.body);
    expect([answer.status, answer.body]).toEqual([
      202,
      {
        message: "Remote start accepted by charger",
        transactionId,
        chargeBoxId: station.identity,
        connectorId: 1,
        status: "pending",
        note: "Transaction will start when vehicle is connected and ready",
        ocppStatus: "Accepted",
      },
    ]);
    expect(station.calls).toMatchObject([
      { action: words.startAction, payload: words.startPayload(transactionId) },
    ]);
    const pending = await rowWith(transactionId, "pending");
    const unknown = {
      meterStart: null,
      meterStop: null,
      energyDelivered: null,
      stopTime: null,
      stopReason: null,
    };
    expect(pending).toMatchObject({
      ...unknown,
      connectorId: 1,
      idTag,
      durationMinutes: 0,
      remoteStarted: true,
    });
    const early = await call(stack, "POST", `${API}/transactions/${transactionId}/stop`);
    expect([early.status, early.body]).toMatchObject([
      409,
      { error: { code: "CONFLICT", message: `Transaction ${transactionId} is not in progress` } },
    ]);
    // A retry under a new message id is the same transaction.
    const began = words.begin(transactionId);
    for (let times = 0; times < 2; times++)
      if (version === "ocpp1.6") expect(await station.call(...began)).toMatchObject({ transactionId });
      else await station.call(...began);
    const running = await rowWith(transactionId, "in_progress");
    expect(running).toMatchObject({ id: pending.id, meterStart: 1000, meterStop: null, remoteStarted: true });
    const stop = await call(stack, "POST", `${API}/transactions/${running.id}/stop`);
    expect([stop.status, stop.body]).toEqual([
      202,
      {
        message: "Remote stop accepted by charger",
        transactionId,
        chargeBoxId: station.identity,
        status: "stopping",
        note: "Transaction will stop shortly. Final details available after StopTransaction is received.",
        ocppStatus: "Accepted",
      },
    ]);
    expect(await station.nthCall(1)).toMatchObject({
      action: words.stopAction,
      payload: words.stopPayload(transactionId),
    });
    await station.call(...words.end(transactionId));
    const ended = { meterStop: 15_000, energyDelivered: 14, stopReason: "Remote", durationMinutes: 0 };
    expect(await rowWith(transactionId, "completed")).toMatchObject(ended);
    const again = await call(stack, "POST", `${API}/transactions/${transactionId}/stop`);
    expect(again.status).toBe(409);
    expect(station.violations).toEqual([]);
    await station.close();
  });

  test("a transaction from the time without a connection is counted once, with its times, whatever is sent twice", async () => {
    const station = await booted("OFFLINE");
    const began = chargingWords(version, { agoMs: 50 * 60_000 }).begin(0);
    for (let times = 0; times < 2; times++) await station.call(...began);
    const listed = async () => {
      const { body } = await call(stack, "GET", `${API}/transactions?chargeBoxId=${station.identity}`);
      return z.object({ transactions: z.array(shown) }).parse(body).transactions;
    };
    const [row] = await waitFor("the row", async () => {
      const rows = await listed();
      return rows.length > 0 && rows;
    });
    const { transactionId = 0 } = row ?? {};
    const ended = chargingWords(version, { agoMs: 5 * 60_000 }).end(transactionId);
    await station.call(...ended);
    await station.close();
    await waitFor("a new connection", () => station.connect().then(() => true));
    for (const message of [began, ended]) await station.call(...message);
    const end = await rowWith(transactionId, "completed");
    expect(end).toMatchObject({ energyDelivered: 14, remoteStarted: false, idTag });
    expect(end["durationMinutes"]).toBe(45);
    expect(await listed()).toHaveLength(1);
    expect(station.violations).toEqual([]);
    await station.close();
  });

  test("the newer form answers without a number and uses the tag of remote starts", async () => {
    const station = await booted("NEWER");
    station.react = () => ({ answer: { status: "Accepted" } });
    const body = { chargeBoxId: station.identity, connectorId: 1 };
    const answer = await call(stack, "POST", `${API}/transactions/start`, body);
    expect([answer.status, answer.body]).toEqual([
      202,
      {
        message: "Remote start accepted by charger",
        ...body,
        status: "accepted",
        note: "Charger has accepted the start command. The transactionId will be assigned when charging begins. Use GET /transactions?chargeBoxId={id}&status=in_progress to find it, or listen for the transaction.started webhook.",
        ocppStatus: "Accepted",
      },
    ]);
    expect(JSON.stringify(station.calls[0]?.payload)).toContain("CAPACITOR");
    station.react = () => ({ answer: { status: "Rejected" } });
    const refused = await call(stack, "POST", `${API}/transactions/start`, body);
    expect([refused.status, refused.body]).toEqual([
      200,
      { message: "Remote start rejected by charger", ...body, status: "rejected", ocppStatus: "Rejected" },
    ]);
    await station.close();
  });

  test("a refused start and a refused stop are answered 200, and the start leaves no open row", async () => {
    const station = await booted("REFUSES");
    station.react = () => ({ answer: { status: "Accepted" } });
    const { transactionId } = reserved.parse((await start(station)).body);
    await station.call(...words.begin(transactionId));
    await rowWith(transactionId, "in_progress");
    station.react = () => ({ answer: { status: "Rejected" } });
    const refused = await start(station);
    expect([refused.status, refused.body]).toEqual([
      200,
      {
        message: "Remote start rejected by charger",
        chargeBoxId: station.identity,
        connectorId: 1,
        status: "rejected",
        ocppStatus: "Rejected",
      },
    ]);
    await rowWith(transactionId + 1, "expired");
    const stop = await call(stack, "POST", `${API}/transactions/${transactionId}/stop`);
    expect([stop.status, stop.body]).toEqual([
      200,
      {
        message: "Remote stop rejected by charger",
        transactionId,
        chargeBoxId: station.identity,
        status: "rejected",
        ocppStatus: "Rejected",
      },
    ]);
    await station.close();
  });

  test("a start that timed out keeps its row, which is claimed when the station begins after all", async () => {
    const station = await booted("LATE");
    station.react = () => "silence";
    const silent = await start(station, 1);
    expect([silent.status, silent.body]).toMatchObject([504, { error: { code: "TIMEOUT", sent: true } }]);
    // The first number of an organisation's block is its charger's.
    const id = await waitFor("the pending row", async () => {
      const { body } = await call(stack, "GET", `${API}/transactions?chargeBoxId=${station.identity}`);
      return z.object({ transactions: z.array(shown) }).parse(body).transactions[0]?.transactionId;
    });
    await rowWith(id, "pending");
    await station.call(...words.begin(id));
    expect(await rowWith(id, "in_progress")).toMatchObject({ remoteStarted: true });
    await station.close();
  });

  test("a start that cannot reach the station, or must not, is refused and leaves no row", async () => {
    const station = await booted("NONE");
    const rows = () => call(stack, "GET", `${API}/transactions?chargeBoxId=${station.identity}`);
    station.react = () => ({ answer: { status: "Accepted" } });
    const long = await start(station, 10, { idTag: "A".repeat(21) });
    if (version === "ocpp1.6") {
      const issue = { location: "body", path: ["idTag"], code: "not_supported" };
      expect([long.status, long.body]).toMatchObject([400, { error: { issues: [issue] } }]);
    }
    const path = `${API}/chargers/${station.identity}/registration`;
    await call(stack, "PUT", path, { status: "Pending" });
    await station.boot();
    const waiting = await start(station);
    const message = `Charger ${station.identity} is not accepted yet`;
    expect([waiting.status, waiting.body]).toMatchObject([409, { error: { code: "CONFLICT", message } }]);
    await station.close();
    const offline = await waitFor("offline", async () => {
      const answer = await start(station);
      return answer.status === 503 && answer;
    });
    expect(offline.body).toMatchObject({ error: { code: "SERVICE_UNAVAILABLE", sent: false } });
    // 2.x carries the longer tag: its start is the one that left a row.
    const left = version === "ocpp1.6" ? 0 : 1;
    const counted = z.object({ pagination: z.object({ total: z.number() }) });
    await waitFor(`${left} rows`, async () => counted.parse((await rows()).body).pagination.total === left);
  });
});

test("wrong bodies, unknown chargers and unknown transactions are refused by name", async () => {
  const wrong = await call(stack, "POST", `${API}/transactions/start`, {
    chargeBoxId: "X1",
    connectorId: 0,
    idTag: "not a tag",
    conectorId: 1,
  });
  expect(wrong.status).toBe(400);
  const paths = z.object({ error: z.object({ issues: z.array(z.object({ path: z.array(z.string()) })) }) });
  const named = paths.parse(wrong.body).error.issues.map(({ path }) => path[0]);
  expect(named.toSorted()).toEqual(["conectorId", "connectorId", "idTag"]);
  const missing = await call(stack, "POST", `${API}/chargers/NOBODY/remote-start`, { connectorId: 1 });
  expect(missing.body).toMatchObject({ error: { issues: [{ path: ["idTag"], code: "required" }] } });
  const body = { chargeBoxId: "NOBODY", connectorId: 1 };
  const unknown = await call(stack, "POST", `${API}/transactions/start`, body);
  expect([unknown.status, unknown.body]).toMatchObject([
    404,
    { error: { message: "Charger NOBODY not found" } },
  ]);
  const none = await call(stack, "POST", `${API}/transactions/999999/stop`);
  expect([none.status, none.body]).toMatchObject([
    404,
    { error: { message: "Transaction 999999 not found" } },
  ]);
});
