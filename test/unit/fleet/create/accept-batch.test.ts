import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { acceptBatch } from "../../../../src/fleet/create/accept-batch.ts";
import { acceptCharger } from "../../../../src/fleet/create/accept-charger.ts";
import { MaybeStored, Unavailable } from "../../../../src/errors.ts";
import { systemIds } from "../../../../src/fleet/ids.ts";
import type { RunPublisher } from "../../../../src/ports.ts";
import { CREATION_LIMITS } from "../../../../src/store/creation-limits.ts";
import { blueprint, newCharger, openDatabase, type Database } from "../../../harness/database.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase();
});
afterAll(() => db.close());

const render = (job: { jobId: string; published: boolean }) => ({
  status: 202,
  body: JSON.stringify(job),
  headers: {},
});

function setting(publish: () => Promise<void>) {
  const published: string[] = [];
  const runs: Pick<RunPublisher, "dispatch" | "provision"> = {
    dispatch: ({ id }) => publish().then(() => void published.push(`dispatch ${id}`)),
    provision: ({ id }) => publish().then(() => void published.push(`provision ${id}-0`)),
  };
  const work: Promise<unknown>[] = [];
  const background = (promise: Promise<unknown>) => void work.push(promise);
  const ports = {
    ...db.stores,
    runs: {
      ...runs,
      applyEffects: publish,
      applySettings: publish,
      syncLocalList: publish,
      applyTagEffects: publish,
      runTagJob: publish,
      cancel: publish,
      deadLetters: async () => ({ letters: [], cursor: null }),
    },
    ids: systemIds,
    clock: { now: () => new Date() },
  };
  return { ports, background, published, settle: () => Promise.all(work) };
}

test("a stored batch is published once and answered as published", async () => {
  const { organization, locationId } = await db.tenant();
  const { ports, background, published } = setting(async () => {});
  const chargers = [newCharger("A"), newCharger("B")];
  const input = { organization, locationId, blueprints: [blueprint], chargers, claim: null, background };
  const accepted = await acceptBatch(ports, input, render);
  const { jobId, published: said } = JSON.parse(accepted.body) as { jobId: string; published: boolean };
  expect(said).toBe(true);
  expect(published).toEqual([`dispatch ${jobId}`]);
});

test("of fifty batches at once of one organisation one statement runs at a time, and others do not wait for them", async () => {
  const [noisy, other] = [await db.tenant(), await db.tenant()];
  const { ports, background } = setting(async () => {});
  const running = new Set<string>();
  const order: string[] = [];
  let most = 0;
  const accept: typeof ports.jobs.accept = async (batch) => {
    if (batch.organization.id === noisy.organization.id) running.add(batch.jobId);
    most = Math.max(most, running.size);
    try {
      return await db.stores.jobs.accept(batch);
    } finally {
      running.delete(batch.jobId);
      order.push(batch.organization.id);
    }
  };
  const crowded = { ...ports, jobs: { ...ports.jobs, accept } };
  const post = ({ organization, locationId }: typeof noisy, name: string) => {
    const chargers = [newCharger(name)];
    const input = { organization, locationId, blueprints: [blueprint], chargers, claim: null, background };
    return acceptBatch(crowded, input, render);
  };
  // However slow the machine is, nobody runs out of patience and goes ahead of its turn.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const all = Array.from({ length: 50 }, (_, at) => post(noisy, `NOISY-${at}`));
  await post(other, "OTHER");
  expect(order.indexOf(other.organization.id)).toBeLessThanOrEqual(2);
  const settled = await Promise.allSettled(all);
  expect(most).toBe(1);
  expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(CREATION_LIMITS.openJobs);
});

test("after a failed publish the answer is 202 PENDING without a run id, also for a repeat", async () => {
  const { organization, locationId } = await db.tenant();
  const { ports, background, settle } = setting(() => Promise.reject(new Unavailable("engine down")));
  const claim = { method: "POST", path: "/x", key: "k", bodyHash: "h" };
  const input = {
    organization,
    locationId,
    blueprints: [blueprint],
    chargers: [newCharger("A")],
    claim,
    background,
  };
  const accepted = await acceptBatch(ports, input, render);
  await settle();
  const { jobId, published } = JSON.parse(accepted.body) as { jobId: string; published: boolean };
  expect(published).toBe(false);
  expect(await db.stores.jobs.get(organization.id, locationId, jobId)).toMatchObject({
    status: "PENDING",
    workflowRunId: null,
  });
  const repeat = await acceptBatch(ports, input, render);
  expect(repeat).toEqual({ ...accepted, replayed: true });
});

test("a publish that hangs delays the answer by half a second at most", async () => {
  const { organization, locationId } = await db.tenant();
  const gate = Promise.withResolvers<void>();
  const { ports, background, settle, published } = setting(() => gate.promise);
  const input = { organization, locationId, blueprint, identity: "H", name: null, claim: null, background };
  const accepted = await acceptCharger(ports, input, render);
  expect(JSON.parse(accepted.body)).toMatchObject({ published: false });
  gate.resolve();
  await settle();
  expect(published).toHaveLength(1);
});

test("a batch whose identities are all taken starts no run and is complete at the first poll", async () => {
  const { organization, locationId } = await db.tenant();
  const { ports, background, published } = setting(async () => {});
  const input = () => ({
    organization,
    locationId,
    blueprints: [blueprint],
    chargers: [newCharger("T")],
    claim: null,
    background,
  });
  await acceptBatch(ports, input(), render);
  const accepted = await acceptBatch(ports, input(), render);
  const { jobId, published: said } = JSON.parse(accepted.body) as { jobId: string; published: boolean };
  expect(said).toBe(false);
  expect(published).toHaveLength(1);
  expect(await db.stores.jobs.get(organization.id, locationId, jobId)).toMatchObject({ status: "READY" });
});

test("a clashing random identity is drawn again and provisioned under its new name", async () => {
  const { organization, locationId } = await db.tenant();
  const { ports, background } = setting(async () => {});
  const base = { organization, locationId, blueprints: [blueprint], claim: null, background };
  await acceptBatch(ports, { ...base, chargers: [newCharger("R-00000000")] }, render);
  const clash = { ...newCharger("R-00000000", true), name: "Bay 00000000" };
  const accepted = await acceptBatch(ports, { ...base, chargers: [clash] }, render);
  expect(JSON.parse(accepted.body)).toMatchObject({ published: true });
  const page = await db.stores.chargers.list(
    organization.id,
    { locationId, ids: null },
    { limit: 10, offset: 0 },
  );
  const [first, second] = page.rows;
  expect(first?.identity).toBe("R-00000000");
  expect(second?.identity).toMatch(/^R-[0-9a-f]{8}$/);
  expect(second?.name).toBe(`Bay ${second?.identity.slice(2)}`);
});

test.each([new Unavailable("database away"), new MaybeStored()])(
  "a batch that is stored is answered 202 although its clashes cannot be drawn again: %s",
  async (failure) => {
    const { organization, locationId } = await db.tenant();
    const { ports, background, published } = setting(async () => {});
    const chargers = () => [newCharger("R-aaaaaaaa", true)];
    const input = () => ({
      organization,
      locationId,
      blueprints: [blueprint],
      chargers: chargers(),
      claim: null,
      background,
    });
    await acceptBatch(ports, input(), render);
    const jobs = { ...ports.jobs, redraw: () => Promise.reject(failure) };
    const accepted = await acceptBatch({ ...ports, jobs }, input(), render);
    const { jobId } = JSON.parse(accepted.body) as { jobId: string };
    expect(accepted.status).toBe(202);
    expect(await db.stores.jobs.get(organization.id, locationId, jobId)).toMatchObject({ status: "READY" });
    // A run for what may have been drawn.
    expect(published).toHaveLength(failure instanceof MaybeStored ? 2 : 1);
  },
);
