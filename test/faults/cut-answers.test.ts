import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { startChaosStack, type ChaosStack } from "../chaos/chaos-stack.ts";
import type { Asked } from "../chaos/fault-proxy.ts";
import { Random } from "../chaos/random.ts";
import { setEngineFaults } from "../chaos/scenes.ts";
import { onlineCount } from "../harness/auditor.ts";
import { call, createLocation, followBatch, postBatch, type Access } from "../harness/fleet.ts";
import { newDoor } from "../harness/ocpp-station/door.ts";
import { RawStation } from "../harness/ocpp-station/raw-station.ts";
import { openSql } from "../harness/sql.ts";
import { temporaryDirectory } from "../harness/temporary-directory.ts";
import { waitFor } from "../harness/wait-for.ts";
import { readSessions } from "../chaos/evidence.ts";

const CHARGERS = 12;

let directory: ReturnType<typeof temporaryDirectory>;
let stack: ChaosStack;
let access: Access;
beforeAll(async () => {
  directory = temporaryDirectory();
  stack = await startChaosStack(directory.path, new Random(1));
  access = { url: stack.workerUrl, apiKey: stack.running.apiKey };
});
afterEach(() => {
  for (const proxy of Object.values(stack.proxies)) {
    proxy.choose = null;
    proxy.release();
  }
  stack.heal();
});
afterAll(async () => {
  await stack.stop();
  directory.remove();
});

const sql = (text: string, params: unknown[] = []) => openSql(stack.running.address("sql"))(text, params);
const says = (words: string) => (asked: Asked) => asked.body.includes(words);
const isAccept = says("INSERT INTO jobs");

/** Waits until every charger of the batch is READY and online, with one session with its record. */
async function expectWhole(batch: Pick<Awaited<ReturnType<typeof postBatch>>, "read" | "finished">) {
  const { status, progress, results } = await batch.finished();
  expect([status, progress]).toEqual([
    "READY",
    { total: CHARGERS, created: CHARGERS, failed: 0, pending: 0 },
  ]);
  const ids = results?.created.map(({ id }) => id) ?? [];
  await waitFor("one session each", async () => {
    const stored = (await readSessions(directory.path)).map(({ chargerId }) => chargerId);
    return ids.every((id) => stored.filter((one) => one === id).length === 1);
  });
}

describe("the answer of the database is cut off after it stored a request", () => {
  const accepted = z.object({ job_id: z.string(), status_url: z.string() });

  test("a repeated bulk create with the same key names the one job that was stored", async () => {
    const locationId = await createLocation(access);
    const template = {
      brand_slug: "generic",
      model_slug: "generic-ac-22kw",
      ocpp_version: "OCPP1.6",
      identity_prefix: "CUT-",
    };
    const body = [{ template, chargers_number: CHARGERS }];
    const path = `/ocpp/locations/${locationId}/chargers`;
    const send = () => call(access, "POST", path, body, { "idempotency-key": "cut-accept" });
    stack.proxies.sql.choose = (asked) => (isAccept(asked) ? "cut" : null);
    const first = await send();
    stack.proxies.sql.choose = null;
    const second = await waitFor("the key is free", async () => {
      const answer = await send();
      return answer.status === 202 ? answer : false;
    });
    const { job_id: jobId, status_url: statusUrl } = accepted.parse(second.body);
    if (first.status === 202) expect(first.body).toEqual(second.body);
    else expect(first.status).toBe(503);
    const jobs = await sql("SELECT id FROM jobs WHERE location_id = $1::uuid", [locationId]);
    expect(jobs).toEqual([{ id: jobId }]);
    await expectWhole(followBatch(access, { statusUrl }, CHARGERS));
  });

  test("a 503 for a registration, a location or a key leaves nothing behind, and any other answer is what was stored", async () => {
    const makers: [
      path: string,
      body: Record<string, string>,
      table: string,
      column: string,
      words: string,
    ][] = [
      ["/api/v1/chargers", { chargeBoxId: "CUT-REG" }, "chargers", "identity", "INSERT INTO chargers"],
      ["/ocpp/locations", { name: "Cut depot" }, "locations", "name", "INSERT INTO locations"],
    ];
    for (const [path, body, table, column, words] of makers) {
      stack.proxies.sql.choose = (asked) => (asked.body.includes(words) ? "cut" : null);
      const { status } = await call(access, "POST", path, body);
      stack.proxies.sql.choose = null;
      const rows = await sql(`SELECT 1 FROM ${table} WHERE ${column} = $1`, Object.values(body));
      expect([path, rows.length]).toEqual([path, status === 201 ? 1 : 0]);
      expect([201, 503]).toContain(status);
    }
  });

  test("facts are stored once and in order while every flush loses its answer", async () => {
    const station = await RawStation.booted(await newDoor(access, "CUT-FLUSH"));
    const isFlush = (asked: Asked) =>
      says("INSERT INTO transactions")(asked) || says("INSERT INTO meter_values")(asked);
    stack.proxies.sql.choose = (asked) => (isFlush(asked) ? "cut" : null);
    const timestamp = new Date().toISOString();
    const start = { connectorId: 1, idTag: "TAG", meterStart: 100, timestamp };
    const answer = (await station.call("StartTransaction", start))[2];
    const { transactionId } = z.object({ transactionId: z.number() }).parse(answer);
    for (const value of ["110", "120", "130"]) {
      const meterValue = [{ timestamp: new Date().toISOString(), sampledValue: [{ value, unit: "Wh" }] }];
      await station.call("MeterValues", { connectorId: 1, transactionId, meterValue });
    }
    await waitFor("a flush that lost its answer", () =>
      stack.proxies.sql.met.some(({ fault }) => fault === "cut"),
    );
    await station.call("StopTransaction", {
      transactionId,
      meterStop: 140,
      timestamp: new Date().toISOString(),
    });
    stack.proxies.sql.choose = null;
    const ended = await waitFor(
      "the end",
      async () =>
        (
          await sql("SELECT * FROM transactions WHERE transaction_id = $1::int AND status = 'completed'", [
            transactionId,
          ])
        )[0],
      90_000,
    );
    expect([Number(ended["meter_start_wh"]), Number(ended["meter_stop_wh"])]).toEqual([100, 140]);
    // A flush stores transactions first and meter values in a statement after it.
    const values = () =>
      sql(
        "SELECT energy_wh::int AS wh FROM meter_values WHERE transaction_id = $1::int AND energy_wh < 140 ORDER BY at",
        [transactionId],
      );
    await waitFor("the meter values", async () => (await values()).length >= 3, 90_000);
    expect((await values()).map(({ wh }) => wh)).toEqual([110, 120, 130]);
    expect(
      await sql("SELECT 1 FROM transaction_conflicts WHERE transaction_id = $1::int", [transactionId]),
    ).toEqual([]);
    station.socket.close();
  });
});

describe("faults between the Worker and the engine", () => {
  test("a publish whose answer is lost starts one dispatcher run", async () => {
    stack.proxies.engine.choose = () => "cut";
    const batch = await postBatch(access, { chargers: CHARGERS });
    stack.proxies.engine.choose = null;
    await expectWhole(batch);
    const { events } = z
      .object({ events: z.array(z.unknown()) })
      .catch({ events: [] })
      .parse(await engineEvents(batch.jobId));
    expect(events.length).toBeLessThanOrEqual(1);
  });

  test("a dispatcher step whose answer is lost is repeated, and provisions nothing twice", async () => {
    let lost = 0;
    stack.proxies.steps.choose = ({ path }) => (path.endsWith("/dispatch") && lost++ === 0 ? "cut" : null);
    const batch = await postBatch(access, { chargers: CHARGERS });
    await expectWhole(batch);
    expect(lost).toBeGreaterThan(1);
  });

  test("a charger that the engine refused in its batch is provisioned by the sweeper", async () => {
    await setEngineFaults(stack, { refuseItems: [0, 3] });
    const batch = await postBatch(access, { chargers: CHARGERS });
    await batch.until(0.8);
    expect((await batch.read()).progress.pending).toBe(2);
    await setEngineFaults(stack, { refuseItems: [] });
    await sweepAnHourLater(batch.jobId);
    await expectWhole(batch);
  });

  test("after an engine is killed in the middle of a batch and starts again without data, the sweeper completes the batch", async () => {
    const batch = await postBatch(access, { chargers: CHARGERS });
    stack.emptyEngine();
    await waitFor("the engine is back", async () => {
      const health = await fetch(`${stack.workerUrl}/readyz`);
      return health.status === 200;
    });
    await sweepAnHourLater(batch.jobId);
    await expectWhole(batch);
  });

  test("deliveries that come late, twice and out of order provision every charger once", async () => {
    stack.proxies.steps.faults = {
      reorder: 0.3,
      duplicate: 0.3,
      slow: { share: 0.2, minMs: 50, maxMs: 500 },
    };
    const batch = await postBatch(access, { chargers: CHARGERS });
    await expectWhole(batch);
  });

  /** Makes the job an hour older and runs the sweeper. */
  async function sweepAnHourLater(jobId: string): Promise<void> {
    const older = (column: string) => `${column} = ${column} - interval '1 hour'`;
    await sql(`UPDATE jobs SET ${older("published_at")} WHERE id = $1::uuid`, [jobId]);
    await sql(`UPDATE chargers SET ${older("settled_at")} WHERE job_id = $1::uuid`, [jobId]);
    await sql("DELETE FROM task_locks", []);
    await stack.running.fireScheduled();
  }

  async function engineEvents(jobId: string): Promise<unknown> {
    const headers = { authorization: `Bearer ${stack.secrets.QSTASH_TOKEN}` };
    const url = `${stack.running.address("engine")}/v2/workflows/events?groupBy=workflowRunId&workflowRunId=wfr_${jobId}`;
    return (await fetch(url, { headers })).json();
  }
});

test("a Worker killed between provisioning a charger and recording it provisions nothing twice", async () => {
  const online = await onlineCount(access);
  stack.proxies.sql.choose = (asked) =>
    says("UPDATE chargers c SET status = 'READY'")(asked) ? "hold" : null;
  const batch = await postBatch(access, { chargers: CHARGERS });
  await waitFor("chargers whose note is held", () => stack.proxies.sql.held > 0, 30_000);
  await stack.running.killPart("worker");
  stack.proxies.sql.choose = null;
  stack.proxies.sql.release("drop");
  await expectWhole(batch);
  await waitFor("all on line", async () => (await onlineCount(access)) === online + CHARGERS, 60_000);
});

test("a command to a connected station is answered while the database answers nothing", async () => {
  const station = await RawStation.booted(await newDoor(access, "SLOW-DB"));
  station.react = () => ({ status: "Accepted" });
  const clearCache = () => call(access, "POST", "/api/v1/chargers/SLOW-DB/cache/clear", {});
  expect((await clearCache()).status).toBe(200);
  stack.proxies.sql.choose = () => "hold";
  const location = call(access, "POST", "/ocpp/locations", { name: "Waits" });
  await waitFor("statements held", () => stack.proxies.sql.held > 0);
  expect((await clearCache()).status).toBe(200);
  const { status, headers } = await location;
  expect([status, headers.get("retry-after")]).toEqual([503, "1"]);
  stack.proxies.sql.choose = null;
  stack.proxies.sql.release();
  expect(await sql("SELECT 1 FROM locations WHERE name = 'Waits'")).toEqual([]);
  station.socket.close();
});
