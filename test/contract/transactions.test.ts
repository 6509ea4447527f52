import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { chargingWords } from "../harness/ocpp-station/charging-words.ts";
import { ForeignStation } from "../harness/ocpp-station/foreign-station.ts";
import { waitFor } from "../harness/wait-for.ts";
import { newTenant, type Tenant } from "./tenant.ts";
import { send, world } from "./world.ts";

let tenant: Tenant;
let station: ForeignStation;
beforeAll(async () => {
  tenant = await newTenant("transactions");
  const access = { url: world.url, apiKey: tenant.owner };
  station = await ForeignStation.booted(access, "CHARGER-001", "ocpp1.6");
  expect((await ask("POST", "/id-tags", { idTag: "USER123" })).status).toBe(201);
  return () => station.close();
});

const ask = (method: string, path: string, body?: unknown) =>
  send({ method, path: `/api/v1${path}`, body, headers: { "x-api-key": tenant.owner } });
/** Accepts or refuses every CALL. */
const says = (status: "Accepted" | "Rejected") => (station.react = () => ({ answer: { status } }));
const page = z.object({ transactions: z.array(z.looseObject({ status: z.string() })) });

/** The newest transaction once it has this status. */
const newest = (status: string) =>
  waitFor(`a transaction ${status}`, async () => {
    const { body } = await ask("GET", "/transactions?chargeBoxId=CHARGER-001");
    const [row] = page.parse(body).transactions;
    return row?.status === status && row;
  });

const about = { chargeBoxId: "CHARGER-001", connectorId: 1 };
const start = { ...about, idTag: "USER123" };
const MINUTES = 60_000;

describe("the documented examples of transactions", () => {
  const id = expect.stringMatching(/^txn_[0-9A-HJKMNP-TV-Z]{26}$/) as string;
  let transactionId: number;

  it("start: 202 in the documented words", async () => {
    says("Accepted");
    const answer = await ask("POST", "/transactions/start", start);
    expect([answer.status, answer.body]).toEqual([
      202,
      {
        message: "Remote start accepted by charger",
        ...about,
        status: "accepted",
        note: "Charger has accepted the start command. The transactionId will be assigned when charging begins. Use GET /transactions?chargeBoxId={id}&status=in_progress to find it, or listen for the transaction.started webhook.",
        ocppStatus: "Accepted",
      },
    ]);
    expect(await newest("pending")).toMatchObject({ connectorId: 1, idTag: "USER123", remoteStarted: true });
  });

  it("stop, and get as an element of the list: the documented fields and no others", async () => {
    const startedAt = new Date(Date.now() - 45 * MINUTES).toISOString();
    const began = { connectorId: 1, idTag: "USER123", meterStart: 1000, timestamp: startedAt };
    const answered = await station.call("StartTransaction", began);
    transactionId = z.object({ transactionId: z.number() }).parse(answered).transactionId;
    const running = {
      id,
      transactionId,
      ...start,
      status: "in_progress",
      meterStart: 1000,
      meterStop: null,
      // There is no meter value yet.
      energyDelivered: null,
      durationMinutes: expect.any(Number),
      startTime: startedAt,
      stopTime: null,
      stopReason: null,
      remoteStarted: true,
    };
    expect(await newest("in_progress")).toEqual(running);
    for (const status of ["in_progress", "active"]) {
      const { body } = await ask("GET", `/transactions?chargeBoxId=CHARGER-001&status=${status}&limit=1`);
      expect(body).toEqual({
        transactions: [running],
        pagination: { total: 1, limit: 1, offset: 0 },
        next: null,
      });
    }

    says("Rejected");
    const rejected = await ask("POST", `/transactions/${transactionId}/stop`);
    expect([rejected.status, rejected.body]).toEqual([
      200,
      {
        message: "Remote stop rejected by charger",
        transactionId,
        chargeBoxId: "CHARGER-001",
        status: "rejected",
        ocppStatus: "Rejected",
      },
    ]);
    says("Accepted");
    const stopped = await ask("POST", `/transactions/${transactionId}/stop`);
    expect([stopped.status, stopped.body]).toEqual([
      202,
      {
        message: "Remote stop accepted by charger",
        transactionId,
        chargeBoxId: "CHARGER-001",
        status: "stopping",
        note: "Transaction will stop shortly. Final details available after StopTransaction is received.",
        ocppStatus: "Accepted",
      },
    ]);
    const stoppedAt = new Date(Date.parse(startedAt) + 45 * MINUTES).toISOString();
    await station.call("StopTransaction", { transactionId, meterStop: 15_000, timestamp: stoppedAt });
    const row = await newest("completed");
    expect(row).toEqual({
      ...running,
      status: "completed",
      meterStop: 15_000,
      energyDelivered: 14,
      durationMinutes: 45,
      stopTime: stoppedAt,
      stopReason: "Local",
    });
    for (const name of [transactionId, String(row["id"])])
      expect((await ask("GET", `/transactions/${name}`)).body).toEqual(row);
  });

  it("a stop of what has ended: 409", async () => {
    const late = await ask("POST", `/transactions/${transactionId}/stop`);
    const message = `Transaction ${transactionId} is not in progress`;
    expect([late.status, late.body]).toEqual([409, { success: false, error: { code: "CONFLICT", message } }]);
  });

  it("the older start: 202 with the number of the transaction", async () => {
    const body = { connectorId: 1, idTag: "USER123" };
    const answer = await ask("POST", "/chargers/CHARGER-001/remote-start", body);
    const given = z.object({ transactionId: z.number() }).parse(answer.body).transactionId;
    expect([answer.status, answer.body]).toEqual([
      202,
      {
        message: "Remote start accepted by charger",
        transactionId: given,
        ...about,
        status: "pending",
        note: "Transaction will start when vehicle is connected and ready",
        ocppStatus: "Accepted",
      },
    ]);
    const words = chargingWords("ocpp1.6");
    expect(await station.call(...words.begin(given))).toMatchObject({ transactionId: given });
    await station.call(...words.end(given));
    expect(await newest("completed")).toMatchObject({ transactionId: given, stopReason: "Remote" });
  });

  it.each([
    ["start", "/transactions/start", start],
    ["older start", "/chargers/CHARGER-001/remote-start", { connectorId: 1, idTag: "USER123" }],
  ])("a refused %s: 200 without a note", async (_name, path, body) => {
    says("Rejected");
    const answer = await ask("POST", path, body);
    const message = "Remote start rejected by charger";
    expect([answer.status, answer.body]).toEqual([
      200,
      { message, ...about, status: "rejected", ocppStatus: "Rejected" },
    ]);
  });

  it("a start without a tag is one by CAPACITOR", async () => {
    says("Accepted");
    const { length } = station.calls;
    expect((await ask("POST", "/transactions/start", about)).status).toBe(202);
    expect(station.calls.slice(length)).toMatchObject([
      { action: "RemoteStartTransaction", payload: { connectorId: 1, idTag: "CAPACITOR" } },
    ]);
    expect(station.violations).toEqual([]);
  });
});
