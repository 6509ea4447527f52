import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { UnreadableRow } from "../../../src/errors.ts";
import { batchOf, openDatabase, type Database } from "../../harness/database.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase();
});
afterAll(() => db.close());

const MINUTE_MS = 60_000;
const later = (minutes: number) => new Date(Date.now() + minutes * MINUTE_MS);
const ERROR = { code: "BOOT_TIMEOUT", message: "no answer", retryable: true };

async function acceptedBatch(identities: string[]) {
  const tenant = await db.tenant();
  const batch = batchOf(tenant, identities);
  await db.stores.jobs.accept(batch);
  const read = () => db.stores.jobs.get(tenant.organization.id, tenant.locationId, batch.jobId);
  return { tenant, batch, read, ids: batch.chargers.map((charger) => charger.id) };
}

/** Each test sweeps at a time of its own, because one pass holds the lock for most of a minute. */
let sweepMinute = 1000;
const sweepAt = () => later((sweepMinute += 1000));
const stuckAt = (at: Date, jobId: string) =>
  db.stores.jobs.stuck(at).then((found) => found.filter(({ id }) => id === jobId));

describe("polls of a job", () => {
  test("are served from the cache while it runs, see its end at once, and show it to no other organisation or location", async () => {
    const { tenant, batch, ids } = await acceptedBatch(["a"]);
    const { jobs } = db.stores;
    const now = new Date();
    const poll = (organizationId: string, locationId = tenant.locationId) =>
      jobs.poll({ organizationId, locationId, jobId: batch.jobId }, now, () => false);
    expect(await poll(tenant.organization.id)).toMatchObject({ status: "PENDING" });
    await jobs.openSlice(batch.jobId, 0, 100);
    expect(await poll(tenant.organization.id)).toMatchObject({ status: "PENDING" });
    expect(await poll((await db.tenant()).organization.id)).toBeNull();
    expect(await poll(tenant.organization.id, (await db.tenant()).locationId)).toBeNull();
    await jobs.succeed(batch.jobId, ids[0] ?? "", now);
    await jobs.close(batch.jobId, now);
    expect(await poll(tenant.organization.id)).toMatchObject({ status: "READY" });
  });

  test("see at once that it was cancelled", async () => {
    const { tenant, batch } = await acceptedBatch(["a"]);
    const { jobs } = db.stores;
    const ref = { organizationId: tenant.organization.id, locationId: tenant.locationId, jobId: batch.jobId };
    const now = new Date();
    const poll = () => jobs.poll(ref, now, () => false);
    expect(await poll()).toMatchObject({ status: "PENDING" });
    await jobs.cancel(ref, crypto.randomUUID(), now);
    expect(await poll()).toMatchObject({ status: "FAILED" });
  });
});

test("a poll whose results are known reads one row of a finished job, and all again once a charger has changed", async () => {
  const { tenant, batch, ids } = await acceptedBatch(["a", "b", "c"]);
  const { jobs } = db.stores;
  const now = new Date();
  const ref = { organizationId: tenant.organization.id, locationId: tenant.locationId, jobId: batch.jobId };
  for (const id of ids) await jobs.succeed(batch.jobId, id, now);
  await jobs.close(batch.jobId, now);
  let known: number | null = null;
  const read = vi.spyOn(db.sql, "read");
  onTestFinished(() => read.mockRestore());
  const poll = async () => {
    read.mockClear();
    const job = await jobs.poll(ref, now, ({ revision }) => revision === known);
    const rows = await Promise.all(read.mock.results.map(({ value }) => value as Promise<unknown[]>));
    known = job?.revision ?? null;
    return [rows.map(({ length }) => length), job?.results?.created.length ?? null];
  };
  expect(await poll()).toEqual([[1, 3], 3]);
  expect(await poll()).toEqual([[1], null]);
  await db.sql("UPDATE chargers SET revision = revision + 1 WHERE id = $1", [ids[1]]);
  expect(await poll()).toEqual([[1, 3], 3]);
  expect(await poll()).toEqual([[1], null]);
});

describe("settling chargers", () => {
  test("counts add up to the total in every poll, and the last one closes the job", async () => {
    const { batch, read, ids } = await acceptedBatch(["a", "b", "c"]);
    await db.stores.jobs.openSlice(batch.jobId, 0, 100);
    expect(await read()).toMatchObject({
      status: "PROVISIONING",
      progress: { total: 3, created: 0, failed: 0, pending: 3 },
    });
    expect(await db.stores.jobs.succeed(batch.jobId, ids[0] ?? "", new Date())).toEqual({
      moved: true,
      maybeLast: true,
    });
    expect(await db.stores.jobs.fail(batch.jobId, ids[1] ?? "", ERROR, new Date())).toMatchObject({
      moved: true,
    });
    expect(await db.stores.jobs.close(batch.jobId, new Date())).toBe(false);
    expect(await read()).toMatchObject({
      progress: { total: 3, created: 1, failed: 1, pending: 1 },
      results: null,
    });
    await db.stores.jobs.succeed(batch.jobId, ids[2] ?? "", new Date());
    const closed = await Promise.all([0, 1, 2].map(() => db.stores.jobs.close(batch.jobId, new Date())));
    expect(closed.filter(Boolean)).toHaveLength(1);
    const job = await read();
    expect(job).toMatchObject({
      status: "READY",
      error: null,
      progress: { created: 2, failed: 1, pending: 0 },
    });
    expect(job?.provisionedAt).toBeInstanceOf(Date);
    expect(job?.results?.created.map((charger) => charger.identity)).toEqual(["a", "c"]);
    expect(job?.results?.failed).toEqual([{ seq: 1, identity: "b", chargerId: ids[1], error: ERROR }]);
  });

  test("a terminal state never changes, whichever step comes late", async () => {
    const { tenant, batch, ids } = await acceptedBatch(["t"]);
    const id = ids[0] ?? "";
    await db.stores.jobs.succeed(batch.jobId, id, new Date());
    expect(await db.stores.jobs.fail(batch.jobId, id, ERROR, new Date())).toMatchObject({ moved: false });
    expect(await db.stores.jobs.work(batch.jobId, id)).toBeNull();
    expect(await db.stores.chargers.provisioning(tenant.organization.id, id)).toMatchObject({
      status: "READY",
      error: null,
    });
  });

  test("a step finds only chargers of the job it names", async () => {
    const one = await acceptedBatch(["o"]);
    const two = await acceptedBatch(["o"]);
    expect(await db.stores.jobs.work(two.batch.jobId, one.ids[0] ?? "")).toBeNull();
    expect(await db.stores.jobs.work(one.batch.jobId, one.ids[0] ?? "")).toMatchObject({
      identity: "o",
      organizationSlug: one.tenant.organization.slug,
      simulatorHost: `${one.batch.jobId}/0`,
    });
  });

  test("a slice lists only its open chargers", async () => {
    const { batch, ids } = await acceptedBatch(Array.from({ length: 130 }, (_, i) => `n${i}`));
    await db.stores.jobs.succeed(batch.jobId, ids[101] ?? "", new Date());
    const slice = await db.stores.jobs.openSlice(batch.jobId, 100, 200);
    expect(slice.map((row) => row.seq)).toEqual([100, ...Array.from({ length: 28 }, (_, i) => 102 + i)]);
  });

  test("a charger whose row cannot be read does not prevent the others of its slice from being listed", async () => {
    const { batch, ids } = await acceptedBatch(["q0", "q1", "q2"]);
    await db.sql("UPDATE chargers SET ocpp_version = 'OCPP9.9' WHERE id = $1::uuid", [ids[1]]);
    const slice = await db.stores.jobs.openSlice(batch.jobId, 0, 100);
    expect(slice.map(({ chargerId, work }) => [chargerId, work?.identity])).toEqual([
      [ids[0], "q0"],
      [ids[1], undefined],
      [ids[2], "q2"],
    ]);
    await expect(db.stores.jobs.work(batch.jobId, ids[1] ?? "")).rejects.toThrow(UnreadableRow);
  });

  test("another organisation and another location see no job", async () => {
    const one = await acceptedBatch(["p"]);
    const two = await db.tenant();
    expect(await db.stores.jobs.get(two.organization.id, one.tenant.locationId, one.batch.jobId)).toBeNull();
    expect(await db.stores.jobs.get(one.tenant.organization.id, two.locationId, one.batch.jobId)).toBeNull();
  });
});

describe("sweeping", () => {
  test("finds a job to be published again under its run id when no run was seen for a minute", async () => {
    const { batch } = await acceptedBatch(["s1"]);
    const at = sweepAt();
    expect(await stuckAt(at, batch.jobId)).toMatchObject([{ action: "republish", attempt: 0, total: 1 }]);
    const [job] = await stuckAt(at, batch.jobId);
    if (job) await db.stores.jobs.revived(job, at);
    expect(await stuckAt(at, batch.jobId)).toEqual([]);
  });

  test("of two simultaneous passes one does the work", async () => {
    const at = sweepAt();
    const passes = await Promise.all([db.stores.jobs.beginSweep(at), db.stores.jobs.beginSweep(at)]);
    expect(passes.toSorted()).toEqual([false, true]);
  });

  test("repeats a job without progress five times, then gives it up", async () => {
    const { batch, read, ids } = await acceptedBatch(["s3", "s4"]);
    await db.stores.jobs.openSlice(batch.jobId, 0, 100);
    await db.stores.jobs.succeed(batch.jobId, ids[0] ?? "", new Date());
    const actions: string[] = [];
    for (let pass = 0; pass < 6; pass += 1) {
      const at = sweepAt();
      for (const job of await stuckAt(at, batch.jobId)) {
        actions.push(`${job.action} ${job.attempt}`);
        if (job.action === "retry") await db.stores.jobs.revived(job, at);
      }
    }
    expect(actions).toEqual(["retry 1", "retry 2", "retry 3", "retry 4", "retry 5", "giveUp 6"]);
    const stuck = { code: "PROVISIONING_STUCK", message: "m", retryable: true };
    await db.stores.jobs.giveUp(batch.jobId, { neverStarted: ERROR, unfinished: stuck }, new Date());
    expect(await read()).toMatchObject({ status: "READY", error: null, progress: { created: 1, failed: 1 } });
  });

  test("counts no attempt that was not published, however many passes there are", async () => {
    const { batch } = await acceptedBatch(["s10"]);
    await db.stores.jobs.openSlice(batch.jobId, 0, 100);
    for (let pass = 0; pass < 8; pass += 1)
      expect(await stuckAt(sweepAt(), batch.jobId)).toMatchObject([{ action: "retry", attempt: 1 }]);
  });

  test("a job of which nothing ever ran becomes FAILED", async () => {
    const { batch, read } = await acceptedBatch(["s5"]);
    const dispatch = { code: "DISPATCH_FAILED", message: "m", retryable: true };
    await db.stores.jobs.giveUp(batch.jobId, { neverStarted: dispatch, unfinished: ERROR }, new Date());
    const job = await read();
    expect(job).toMatchObject({
      status: "FAILED",
      error: dispatch,
      provisionedAt: null,
      results: { created: [] },
    });
    expect(job?.results?.failed).toMatchObject([{ identity: "s5", error: dispatch }]);
  });

  test("does not repeat a job while another of its organisation progresses, for half an hour at most", async () => {
    const { tenant, batch } = await acceptedBatch(["s6"]);
    await db.stores.jobs.openSlice(batch.jobId, 0, 100);
    const busyAt = async (at: Date) => {
      const busy = batchOf(tenant, [`s${at.getTime()}`], { now: new Date(at.getTime() - MINUTE_MS) });
      await db.stores.jobs.accept(busy);
      await db.stores.jobs.openSlice(busy.jobId, 0, 100);
    };
    await busyAt(later(29));
    expect(await stuckAt(later(29), batch.jobId)).toEqual([]);
    await busyAt(later(31));
    expect(await stuckAt(later(31), batch.jobId)).toMatchObject([{ action: "retry", attempt: 1 }]);
  });

  test("closes a job whose last charger settled without closing it", async () => {
    const { batch, read, ids } = await acceptedBatch(["s9"]);
    await db.stores.jobs.succeed(batch.jobId, ids[0] ?? "", new Date());
    expect(await read()).toMatchObject({ status: "PENDING" });
    await db.stores.jobs.closeComplete(sweepAt());
    expect(await read()).toMatchObject({ status: "READY" });
  });
});
