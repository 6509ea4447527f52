import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { Unavailable } from "../../../src/errors.ts";
import { systemIds } from "../../../src/fleet/ids.ts";
import { sweep } from "../../../src/fleet/sweep.ts";
import type {
  LiveLines,
  MessagePublisher,
  RecoveryStore,
  RunPublisher,
  StationHistory,
} from "../../../src/ports.ts";
import { batchOf, openDatabase, type Database } from "../../harness/database.ts";
import { unusedPort } from "../api/fake-ports.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase();
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterAll(async () => {
  vi.restoreAllMocks();
  await db.close();
});
beforeEach(() => db.sql("DELETE FROM jobs", []).then(() => db.sql("DELETE FROM charger_effects", [])));

const MINUTE_MS = 60_000;
/** Passes at times of their own: each holds the lock for most of a minute. */
let minute = 0;

/** Passes of the sweeper over a database of its own, with an engine that takes what `takes` lets pass. */
function sweeper(takes: (runId: string) => boolean) {
  const published: string[] = [];
  const pruned: Date[] = [];
  const publish = async (id: string) => {
    if (!takes(id)) throw new Unavailable("The workflow service did not take the run");
    published.push(id);
  };
  const runs: RunPublisher = {
    ...unusedPort<RunPublisher>("runs"),
    dispatch: ({ id, attempt }) => publish(`${id}-r${attempt}`),
    provision: ({ id, attempt }) => publish(`${id}-0-r${attempt}`),
    applyEffects: ({ id }) => publish(`eff-${id}`),
    applyTagEffects: ({ id }) => publish(`tag-${id}`),
    runTagJob: ({ id }) => publish(`tagjob-${id}`),
    applySettings: ({ chargerId }) => publish(`set-${chargerId}`),
    syncLocalList: ({ chargerId, attempt }) => publish(`list-${chargerId}-r${attempt}`),
    cancel: async () => undefined,
  };
  const messages: MessagePublisher = {
    deliver: async (deliveries) => {
      for (const { webhookId, eventId } of deliveries) await publish(`${eventId}-${webhookId}`);
      return [...deliveries];
    },
    replayWebhook: ({ webhookId }) => publish(`replay-${webhookId}`),
  };
  const history: StationHistory = {
    ...unusedPort<StationHistory>("history"),
    transactionIds: () => Promise.reject(new Error("not expected here")),
    prune: async (now) => void pruned.push(now),
  };
  const liveLines = unusedPort<LiveLines>("liveLines");
  const pass = (afterMinutes: number) => {
    minute += afterMinutes;
    const now = new Date(Date.now() + minute * MINUTE_MS);
    const recovery: RecoveryStore = { ...unusedPort<RecoveryStore>("recovery"), next: async () => null };
    return sweep({
      ...db.stores,
      liveLines,
      runs,
      messages,
      history,
      recovery,
      ids: systemIds,
      clock: { now: () => now },
    });
  };
  return { published, pruned, pass };
}

async function acceptedJob(overrides: { type?: "charger_create" } = {}) {
  const tenant = await db.tenant();
  const batch = batchOf(tenant, ["one", "two"].slice(0, overrides.type ? 1 : 2), {
    now: new Date(Date.now() + minute * MINUTE_MS),
    ...overrides,
  });
  await db.stores.jobs.accept(batch);
  return { tenant, batch, id: batch.jobId };
}

test("an engine that accepts nothing for an hour uses up no attempt and fails no charger", async () => {
  const stuck = await acceptedJob();
  await db.stores.jobs.openSlice(stuck.id, 0, 100);
  let isAway = true;
  const { published, pass } = sweeper(() => !isAway);
  for (let tries = 0; tries < 6; tries += 1) await pass(11);
  const open = () =>
    db.sql("SELECT j.attempt, c.status FROM jobs j JOIN chargers c ON c.job_id = j.id WHERE j.id = $1", [
      stuck.id,
    ]);
  expect(await open()).toEqual(Array(2).fill({ attempt: 0, status: "PENDING" }));
  isAway = false;
  expect(await pass(1)).toMatchObject({ jobs: [stuck.id], failed: [] });
  expect(published).toEqual([`${stuck.id}-r1`]);
  expect(await open()).toEqual(Array(2).fill({ attempt: 1, status: "PENDING" }));
});

test("a job that cannot be published does not stop other jobs, effects or retention", async () => {
  const broken = await acceptedJob();
  const healthy = await Promise.all([acceptedJob(), acceptedJob(), acceptedJob({ type: "charger_create" })]);
  const { organization, locationId } = broken.tenant;
  const gone = batchOf(broken.tenant, ["gone"], { now: new Date(Date.now() + minute * MINUTE_MS) });
  await db.stores.jobs.accept(gone);
  const effects = await db.stores.chargers.remove(
    organization.id,
    { locationId, chargerIds: gone.chargers.map(({ id }) => id) },
    gone.jobId,
    new Date(Date.now() + minute * MINUTE_MS),
  );
  const { published, pruned, pass } = sweeper((id) => !id.startsWith(broken.id));
  const swept = await pass(2);
  expect(swept.failed).toEqual([`jobs ${broken.id}`]);
  expect(swept.effects).toEqual([effects.effects?.id]);
  expect(published).toHaveLength(4);
  for (const { id } of healthy) expect(swept.jobs).toContain(id);
  expect(pruned).toHaveLength(1);
});

test("an attempt counts only if the engine accepted the run, and a job is given up after the fifth", async () => {
  const stuck = await acceptedJob({ type: "charger_create" });
  await db.stores.jobs.openSlice(stuck.id, 0, 1);
  const { published, pass } = sweeper(() => true);
  for (let tries = 0; tries < 6; tries += 1) await pass(11);
  expect(published).toEqual([1, 2, 3, 4, 5].map((k) => `${stuck.id}-0-r${k}`));
  expect(await db.sql("SELECT status FROM chargers WHERE job_id = $1", [stuck.id])).toEqual([
    { status: "FAILED" },
  ]);
});

test("a delivery to a webhook that was not published, and a replay without progress, are published by the next pass", async () => {
  const { organization } = await db.tenant();
  const id = `wh_${systemIds.hex(13)}`;
  const record = { status: 201, body: "{}", headers: {} };
  const hook = {
    id,
    url: "https://hooks.example.com/",
    events: ["job.finished"],
    vendorIds: null,
    secret: "x".repeat(16),
  };
  const now = new Date(Date.now() + minute * MINUTE_MS);
  await db.stores.webhooks.create(organization.id, hook, null, record, now);
  await db.stores.webhooks.startReplay(organization.id, id, { storedFrom: now }, now);
  await db.sql(
    `INSERT INTO webhook_deliveries (webhook_id, event_id, organization_id, type, due_at) VALUES ($1, 'evt_1', $2::uuid, 'job.finished', $3)`,
    [id, organization.id, now],
  );
  let isAway = true;
  const { published, pass } = sweeper(() => !isAway);
  expect(await pass(3)).toMatchObject({ failed: ["deliveries", `replays ${id}`] });
  isAway = false;
  expect(await pass(3)).toMatchObject({ failed: [] });
  expect(published).toEqual([`evt_1-${id}`, `replay-${id}`]);
  await pass(3);
  // The replay still makes no progress; the delivery was published a moment ago.
  expect(published).toEqual([`evt_1-${id}`, `replay-${id}`, `replay-${id}`]);
});
