import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunPublisher } from "../../../../src/ports.ts";
import { batchOf, openDatabase, type Database } from "../../../harness/database.ts";
import { openGateway, type Gateway } from "./gateway.ts";

let db: Database;
let gateway: Gateway;
const published: string[] = [];
const cancelled: string[] = [];
beforeAll(async () => {
  db = await openDatabase();
  const runs = {
    dispatch: async ({ id, attempt }: { id: string; attempt: number }) =>
      void published.push(`dispatch ${id} ${attempt}`),
    applyEffects: async ({ total }: { total: number }) => void published.push(`effects ${total}`),
    cancel: async (ids: string[]) => void cancelled.push(...ids),
  } as unknown as RunPublisher;
  gateway = await openGateway({ RATE_LIMIT_REQUESTS: 10_000 }, { ...db.stores, runs });
});
afterAll(() => db.close());

const RETRYABLE = { code: "BOOT_TIMEOUT", message: "no answer", retryable: true };
const FINAL = { code: "CSMS_REJECTED", message: "no", retryable: false };

async function job(identities: string[]) {
  published.length = 0;
  cancelled.length = 0;
  const tenant = await db.tenant();
  const batch = batchOf(tenant, identities);
  await db.stores.jobs.accept(batch);
  await db.stores.jobs.openSlice(batch.jobId, 0, 100);
  gateway.fleet.organizations.set(tenant.organization.id, tenant.organization);
  const org = tenant.organization.id;
  const token = await gateway.token({ org, role: "operator" });
  const path = `/ocpp/locations/${tenant.locationId}/chargers/jobs/${batch.jobId}`;
  const post = (verb: "cancel" | "retry", as = token) =>
    gateway.call(`${path}/${verb}`, { method: "POST", token: as });
  const read = async () => (await gateway.call(path, { token })).json;
  const ids = batch.chargers.map(({ id }) => id);
  const effects = () =>
    db.sql.read("SELECT charger_id FROM charger_effects WHERE organization_id = $1", [org]);
  const stored = () => db.stores.jobs.get(org, tenant.locationId, batch.jobId);
  return { batch, ids, post, read, stored, effects, viewer: () => gateway.token({ org, role: "viewer" }) };
}

test("cancelling fails open chargers, removes their objects, and late steps change nothing", async () => {
  const { batch, ids, post, read, effects } = await job(["a", "b", "c"]);
  await db.stores.jobs.succeed(batch.jobId, ids[0] ?? "", new Date());
  const answer = await post("cancel");
  expect(answer.status).toBe(200);
  expect(answer.json).toMatchObject({
    status: "READY",
    progress: { total: 3, created: 1, failed: 2, pending: 0 },
    results: {
      failed: [{ identity: "b", error: { code: "CANCELLED", retryable: false } }, { identity: "c" }],
    },
  });
  expect(published).toEqual(["effects 2"]);
  expect(cancelled).toEqual([`wfr_${batch.jobId}`]);
  expect(await effects()).toHaveLength(2);
  const late = await db.stores.jobs.succeed(batch.jobId, ids[1] ?? "", new Date());
  expect(late.moved).toBe(false);
  expect(await db.stores.jobs.isReady(ids[1] ?? "")).toBe(false);
  expect((await post("cancel")).json).toEqual(await read());
  expect(published).toEqual(["effects 2"]);
});

test("a job of which nothing ran is FAILED by its cancellation, and cannot be tried again", async () => {
  const { post } = await job(["d"]);
  expect((await post("cancel")).json).toMatchObject({ status: "FAILED", error: { code: "CANCELLED" } });
  expect(await post("retry")).toMatchObject({
    status: 409,
    json: { detail: "Job has no failed charger that can be tried again" },
  });
});

test("repeated and concurrent retries reopen the retryable failed chargers once, under new run ids", async () => {
  const { batch, ids, post, stored } = await job(["e", "f", "g"]);
  const [ready = "", retryable = "", final = ""] = ids;
  await db.stores.jobs.succeed(batch.jobId, ready, new Date());
  await db.stores.jobs.fail(batch.jobId, retryable, RETRYABLE, new Date());
  await db.stores.jobs.fail(batch.jobId, final, FINAL, new Date());
  await db.stores.jobs.close(batch.jobId, new Date());
  const answers = await Promise.all(Array.from({ length: 5 }, () => post("retry")));
  for (const answer of answers) {
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([202, "1"]);
    expect(answer.json).toMatchObject({ job_id: batch.jobId, workflow_run_id: `wfr_${batch.jobId}-r1` });
  }
  expect(published).toEqual([`dispatch ${batch.jobId} 1`]);
  expect(await stored()).toMatchObject({ progress: { total: 3, created: 1, failed: 1, pending: 1 } });
  const open = await db.stores.jobs.openSlice(batch.jobId, 0, 100);
  expect(open.map(({ work }) => work?.chargerId)).toEqual([retryable]);
  await db.stores.jobs.succeed(batch.jobId, retryable, new Date());
  await db.stores.jobs.close(batch.jobId, new Date());
  expect(await stored()).toMatchObject({ status: "READY", progress: { created: 2, failed: 1, pending: 0 } });
  expect((await post("retry")).status).toBe(409);
});

test("a job that was opened again has all attempts of the sweeper before it", async () => {
  const { batch, ids, post } = await job(["h"]);
  for (let round = 1; round <= 7; round++) {
    await db.stores.jobs.fail(batch.jobId, ids[0] ?? "", RETRYABLE, new Date());
    await db.stores.jobs.close(batch.jobId, new Date());
    expect((await post("retry")).status).toBe(202);
    await db.stores.jobs.openSlice(batch.jobId, 0, 100);
  }
  const stuck = await db.stores.jobs.stuck(new Date(Date.now() + 3_600_000));
  expect(stuck.find(({ id }) => id === batch.jobId)).toMatchObject({ action: "retry", attempt: 8 });
});

test("foreign and unknown jobs are 404, and a viewer may neither cancel nor retry", async () => {
  const one = await job(["i"]);
  const two = await job(["j"]);
  const foreign = await gateway.token({ org: one.batch.organization.id, role: "operator" });
  for (const verb of ["cancel", "retry"] as const) {
    expect((await two.post(verb, foreign)).json).toEqual({ detail: "Job not found" });
    expect((await two.post(verb, await two.viewer())).status).toBe(403);
  }
  expect(await two.read()).toMatchObject({ progress: { pending: 1 } });
});
