import { afterAll, beforeAll, expect, test } from "vitest";
import { systemIds } from "../../../src/fleet/ids.ts";
import type { RegisterCharger } from "../../../src/ports.ts";
import { batchOf, newCharger, openDatabase, type Database } from "../../harness/database.ts";
import { bodies } from "./event-scene.ts";

let db: Database;
beforeAll(async () => {
  // Of a server that is shared, transactions of other tests hold up the feed.
  db = await openDatabase({ isShared: false });
});
afterAll(() => db.close());

const NOW = new Date(Math.floor(Date.now() / 1000) * 1000);
const after = (ms: number) => new Date(NOW.getTime() + ms);
const RECORD = { status: 201, body: "{}", headers: {} };

async function scene() {
  const tenant = await db.tenant();
  const organizationId = tenant.organization.id;
  const register = async (identity: string, now = NOW) => {
    const id = systemIds.uuid();
    const charger: RegisterCharger = {
      id,
      identity,
      name: null,
      location: null,
      securityProfile: 2,
      now,
    };
    await db.stores.chargers.register(tenant.organization, charger, null, RECORD);
    return id;
  };
  return { tenant, organizationId, register, events: () => bodies(db, organizationId) };
}

const only = (id: string) => ({ locationId: null, chargerIds: [id] });

test("registering a charger, changing its registration and deleting it are an event each", async () => {
  const { organizationId, register, events } = await scene();
  const { chargers } = db.stores;
  const chargerId = await register("CP-1");
  for (const status of ["Accepted", "Pending", "Pending"] as const)
    await chargers.setRegistration(organizationId, "CP-1", status, after(1000));
  for (let i = 0; i < 2; i += 1)
    await chargers.remove(organizationId, only(chargerId), systemIds.uuid(), after(2000));
  const about = { chargeBoxId: "CP-1", chargerId };
  expect(await events()).toEqual([
    {
      event: "charger.created",
      timestamp: NOW.toISOString(),
      data: { ...about, runtime: "external", locationId: null, jobId: null },
    },
    {
      event: "charger.registration_changed",
      timestamp: after(1000).toISOString(),
      data: { chargeBoxId: "CP-1", registrationStatus: "Pending", previousStatus: "Accepted" },
    },
    { event: "charger.deleted", timestamp: after(2000).toISOString(), data: about },
  ]);
});

test("a registration that is undone is told as a deletion, and one that is refused is not told", async () => {
  const { organizationId, register, events } = await scene();
  const id = await register("CP-1");
  await expect(register("CP-1")).rejects.toThrow("exists");
  for (let i = 0; i < 2; i += 1)
    await db.stores.chargers.unregister(organizationId, id, null, systemIds.uuid(), after(1000));
  expect((await events()).map(({ event }) => event)).toEqual(["charger.created", "charger.deleted"]);
});

test("a batch tells of each charger that it made, in their order, and of failed ones that it replaced", async () => {
  const { tenant, organizationId, events } = await scene();
  const { jobs } = db.stores;
  const first = batchOf(tenant, ["A"], { now: NOW });
  await jobs.accept(first);
  const failed = first.chargers[0]?.id ?? "";
  await jobs.fail(first.jobId, failed, { code: "X", message: "x", retryable: false }, NOW);
  const second = batchOf(tenant, ["C", "A", "B"], { now: after(1000) });
  await jobs.accept(second);
  const told = (await events()).slice(1);
  expect(told.map(({ event, data }) => [event, data["chargeBoxId"]])).toEqual([
    ["charger.deleted", "A"],
    ["charger.created", "C"],
    ["charger.created", "A"],
    ["charger.created", "B"],
  ]);
  expect(told[1]).toEqual({
    event: "charger.created",
    timestamp: after(1000).toISOString(),
    data: {
      chargeBoxId: "C",
      chargerId: second.chargers[0]?.id,
      runtime: "simulated",
      locationId: tenant.locationId,
      jobId: second.jobId,
    },
  });
  const [row] = await db.sql(
    "SELECT count(*)::int AS n FROM events WHERE organization_id = $1::uuid AND charger_id = $2::uuid",
    [organizationId, failed],
  );
  expect(row).toEqual({ n: 2 });
});

test("a batch of which no identity is free has finished, and one that draws new ones has not", async () => {
  const { tenant, register, events } = await scene();
  await register("TAKEN");
  const batch = batchOf(tenant, ["TAKEN"], { now: NOW });
  await db.stores.jobs.accept(batch);
  const drawing = batchOf(tenant, [], { now: NOW, chargers: [newCharger("TAKEN", true)] });
  await db.stores.jobs.accept(drawing);
  const drawn = { ...newCharger("FREE", true), seq: 0 };
  await db.stores.jobs.redraw(drawing, [drawn]);
  expect((await events()).slice(1)).toMatchObject([
    {
      event: "job.finished",
      data: { jobId: batch.jobId, status: "READY", total: 1, created: 0, failed: 1, pending: 0 },
    },
    { event: "charger.created", data: { chargeBoxId: "FREE", jobId: drawing.jobId } },
  ]);
});

async function batchScene(count: number) {
  const { tenant, events, organizationId } = await scene();
  const identities = Array.from({ length: count }, (_, n) => `CP-${n}`);
  const batch = batchOf(tenant, identities, { now: NOW });
  await db.stores.jobs.accept(batch);
  const ids = batch.chargers.map(({ id }) => id);
  const place = { organizationId, locationId: tenant.locationId, jobId: batch.jobId };
  const jobEvents = async () =>
    (await events())
      .filter(({ event }) => event.startsWith("job."))
      .map(({ event, timestamp, data }) => {
        const { status, total, created, failed, pending } = data;
        return [event, timestamp, status, [total, created, failed, pending]];
      });
  return { jobId: batch.jobId, ids, place, jobEvents, locationId: tenant.locationId, events };
}

test("a batch reports its progress once a second, and its end once", async () => {
  const { jobId, ids, jobEvents, events, locationId } = await batchScene(5);
  const { jobs } = db.stores;
  const at = (ms: number) => after(ms).toISOString();
  const succeed = (n: number, ms: number) => jobs.succeed(jobId, ids[n] ?? "", after(ms));
  await jobs.openSlice(jobId, 0, 5);
  await succeed(0, 100);
  await succeed(1, 200);
  await jobs.fail(jobId, ids[2] ?? "", { code: "X", message: "x", retryable: true }, after(900));
  await succeed(3, 1100);
  await succeed(3, 2100);
  expect(await jobs.close(jobId, after(3000))).toBe(false);
  await succeed(4, 4000);
  for (let i = 0; i < 2; i += 1) await jobs.close(jobId, after(4100 + i));
  expect(await jobEvents()).toEqual([
    ["job.progress", at(100), "PROVISIONING", [5, 1, 0, 4]],
    ["job.progress", at(1100), "PROVISIONING", [5, 3, 1, 1]],
    ["job.progress", at(4000), "PROVISIONING", [5, 4, 1, 0]],
    ["job.finished", at(4100), "READY", [5, 4, 1, 0]],
  ]);
  expect((await events()).at(-1)?.data).toMatchObject({
    jobId,
    type: "location_chargers_create",
    locationId,
  });
});

test("a job that is cancelled, given up or closed by the sweeper has finished, and a retried one finishes again", async () => {
  const { jobs } = db.stores;
  const failure = { code: "X", message: "x", retryable: true };
  const cancelled = await batchScene(2);
  await jobs.succeed(cancelled.jobId, cancelled.ids[0] ?? "", NOW);
  for (let i = 0; i < 2; i += 1) await jobs.cancel(cancelled.place, systemIds.uuid(), after(5000 + i));
  const lost = await batchScene(2);
  for (let i = 0; i < 2; i += 1)
    await jobs.giveUp(lost.jobId, { neverStarted: failure, unfinished: failure }, after(5000 + i));
  const swept = await batchScene(1);
  await jobs.fail(swept.jobId, swept.ids[0] ?? "", failure, NOW);
  await jobs.closeComplete(after(5000));
  await jobs.retry(swept.place, after(6000));
  await jobs.succeed(swept.jobId, swept.ids[0] ?? "", after(7000));
  await jobs.close(swept.jobId, after(7000));
  const finished = async ({ jobEvents }: typeof swept) =>
    (await jobEvents()).filter(([event]) => event === "job.finished");
  const [end, again] = [after(5000).toISOString(), after(7000).toISOString()];
  expect(await finished(cancelled)).toEqual([["job.finished", end, "READY", [2, 1, 1, 0]]]);
  expect(await finished(lost)).toEqual([["job.finished", end, "FAILED", [2, 0, 2, 0]]]);
  expect(await finished(swept)).toEqual([
    ["job.finished", end, "READY", [1, 0, 1, 0]],
    ["job.finished", again, "READY", [1, 1, 0, 0]],
  ]);
});

test("an import of id tags that ends is an event", async () => {
  const { organizationId, events } = await scene();
  const { tagJobs } = db.stores;
  const id = systemIds.uuid();
  const tag = (idTag: string) => ({
    id: `tag_${idTag}${id}`,
    idTag,
    name: null,
    status: "active" as const,
    type: null,
    groupId: null,
    expiresAt: null,
    chargeBoxIds: idTag === "B" ? ["MISSING"] : [],
  });
  await tagJobs.acceptImport({ id, organizationId, tags: [tag("A"), tag("B")], now: NOW }, null, RECORD);
  await tagJobs.importSlice(organizationId, id, { from: 0, to: 2 }, NOW);
  for (let i = 0; i < 2; i += 1) await tagJobs.finish(organizationId, id, after(1000));
  const progress = { total: 2, created: 1, failed: 1, pending: 0 };
  expect(await events()).toEqual([
    {
      event: "job.finished",
      timestamp: after(1000).toISOString(),
      data: { jobId: id, type: "id_tag_import", locationId: null, status: "DONE", ...progress },
    },
  ]);
});

test("a change of an outcome of a setting is an event with all outcomes", async () => {
  const { organizationId, register, events } = await scene();
  const chargerId = await register("CP-1");
  const { settings } = db.stores;
  const merge = (changes: Record<string, number>, ms: number) =>
    settings.merge(organizationId, chargerId, changes, after(ms));
  await merge({ maxChargeCurrent: 16 }, 1000);
  await merge({ maxChargeCurrent: 16 }, 2000);
  // Another value, and pending as before.
  await merge({ maxChargeCurrent: 20 }, 3000);
  const applied = { maxChargeCurrent: { outcome: "applied" as const } };
  const record = (revision: number) =>
    settings.record(chargerId, revision, applied as never, {} as never, after(9000));
  // Of an older revision: nothing is stored.
  await record(1);
  for (let i = 0; i < 2; i += 1) await record(2);
  await merge({ offlineChargeCurrent: 6 }, 4000);
  const told = (await events()).slice(1);
  expect(told.map(({ event, data }) => [event, data["revision"], data["outcomes"]])).toEqual([
    ["charger.settings_updated", 1, { maxChargeCurrent: "pending" }],
    ["charger.settings_updated", 2, { maxChargeCurrent: "applied" }],
    ["charger.settings_updated", 3, { maxChargeCurrent: "applied", offlineChargeCurrent: "pending" }],
  ]);
  expect(told[0]).toMatchObject({
    timestamp: after(1000).toISOString(),
    data: { chargeBoxId: "CP-1", chargerId },
  });
});
