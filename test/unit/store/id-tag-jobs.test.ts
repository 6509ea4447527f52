import { afterAll, beforeAll, expect, it } from "vitest";
import { LimitReached } from "../../../src/errors.ts";
import { systemIds, ulidOf } from "../../../src/fleet/ids.ts";
import type { ImportedTag } from "../../../src/ports.ts";
import { batchOf, openDatabase, type Database } from "../../harness/database.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase();
});
afterAll(() => db.close());

const RECORD = { status: 202, body: "{}", headers: {} };

function imported(idTag: string, fields: Partial<ImportedTag> = {}): ImportedTag {
  const id = `tag_${ulidOf(systemIds.uuid())}`;
  const empty = { name: null, type: null, groupId: null, expiresAt: null, chargeBoxIds: [] };
  return { id, idTag, status: "active", ...empty, ...fields };
}

async function scene(tags: ImportedTag[], identities: string[] = []) {
  const tenant = await db.tenant();
  const organizationId = tenant.organization.id;
  if (identities.length > 0) await db.stores.jobs.accept(batchOf(tenant, identities));
  const jobId = systemIds.uuid();
  const { tagJobs } = db.stores;
  const now = new Date();
  await tagJobs.acceptImport({ id: jobId, organizationId, tags, now }, null, RECORD);
  const slice = (from: number, to: number) =>
    tagJobs.importSlice(organizationId, jobId, { from, to }, new Date());
  return { organizationId, jobId, slice, job: () => tagJobs.get(organizationId, jobId) };
}

const names = async (organizationId: string) =>
  (await db.stores.idTags.list(organizationId, null, { limit: 200, offset: 0 })).rows.map(
    ({ idTag }) => idTag,
  );

it("a slice imports what can be imported, and says of every other tag why not", async () => {
  const tags = [
    imported("Good", { name: "N", groupId: "G", status: "blocked", chargeBoxIds: ["A"] }),
    imported("Twice"),
    imported("TWICE"),
    imported("Lost", { chargeBoxIds: ["A", "NOBODY"] }),
    imported("A-TOKEN-OF-MORE-THAN-20", { type: "eMAID", chargeBoxIds: ["A"] }),
    imported("Known"),
  ];
  const { organizationId, jobId, slice, job } = await scene(tags, ["A"]);
  const known = { ...imported("KNOWN"), chargerIds: [] };
  await db.stores.idTags.create(organizationId, known, systemIds.uuid(), null, RECORD, new Date());
  expect(await job()).toMatchObject({
    status: "PENDING",
    progress: { total: 6, done: 0, failed: 0, pending: 6 },
  });
  await slice(0, 500);
  await db.stores.tagJobs.finish(organizationId, jobId, new Date());
  expect(await job()).toMatchObject({
    status: "DONE",
    progress: { total: 6, done: 2, failed: 4, pending: 0 },
    failures: [
      { index: 2, idTag: "TWICE", error: { code: "ID_TAG_EXISTS", message: "Id Tag TWICE already exists" } },
      { index: 3, idTag: "Lost", error: { code: "CHARGER_NOT_FOUND", message: "Charger NOBODY not found" } },
      { index: 4, idTag: "A-TOKEN-OF-MORE-THAN-20", error: { code: "ID_TAG_TOO_LONG" } },
      { index: 5, idTag: "Known", error: { code: "ID_TAG_EXISTS", message: "Id Tag Known already exists" } },
    ],
  });
  expect((await names(organizationId)).toSorted()).toEqual(["Good", "KNOWN", "Twice"]);
  expect(await db.stores.idTags.get(organizationId, tags[0]?.id ?? "")).toMatchObject({
    tag: { source: "import", status: "blocked", name: "N", groupId: "G", isScoped: true },
    chargeBoxIds: ["A"],
  });
});

it("a slice that is delivered twice imports each tag once, and its effects are those of the first time", async () => {
  const tags = Array.from({ length: 30 }, (_, n) => imported(`T${n}`));
  const { organizationId, jobId, slice, job } = await scene(tags);
  await Promise.all([slice(0, 20), slice(0, 20)]);
  await slice(0, 20);
  expect(await job()).toMatchObject({ status: "RUNNING", progress: { done: 20, failed: 0, pending: 10 } });
  const effects = await db.stores.tagRegistry.pending(jobId, 0, 500);
  expect(effects.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, n) => n));
  expect(new Set(await names(organizationId)).size).toBe(20);
});

it("an import with tags left is not finished, and is started again when it makes no progress", async () => {
  const { organizationId, jobId, slice, job } = await scene([imported("A"), imported("B")]);
  await slice(0, 1);
  await db.stores.tagJobs.finish(organizationId, jobId, new Date());
  expect(await job()).toMatchObject({ status: "RUNNING" });
  const later = new Date(Date.now() + 121_000);
  const start = { id: jobId, organizationId, type: "import", total: 2, attempt: 1 };
  expect(await db.stores.tagJobs.stuck(later)).toContainEqual(start);
  expect(await db.stores.tagJobs.stuck(later)).not.toContainEqual(expect.objectContaining({ id: jobId }));
});

it("an organisation has at most 20 open imports, and sees no job of another one", async () => {
  const { organizationId, jobId } = await scene([imported("A")]);
  const other = await db.tenant();
  expect(await db.stores.tagJobs.get(other.organization.id, jobId)).toBeNull();
  const accept = () =>
    db.stores.tagJobs.acceptImport(
      { id: systemIds.uuid(), organizationId, tags: [imported("B")], now: new Date() },
      null,
      RECORD,
    );
  for (let n = 1; n < 20; n++) await accept();
  await expect(accept()).rejects.toThrow(LimitReached);
});

it("a job is forgotten 30 days after its creation, with the tags that it could not import", async () => {
  const { organizationId, jobId, slice, job } = await scene([imported("A"), imported("a")]);
  await slice(0, 500);
  await db.stores.tagJobs.finish(organizationId, jobId, new Date());
  await db.stores.tagJobs.stuck(new Date(Date.now() + 29 * 24 * 3_600_000));
  expect(await job()).toMatchObject({ progress: { failed: 1 } });
  await db.stores.tagJobs.stuck(new Date(Date.now() + 31 * 24 * 3_600_000));
  expect(await job()).toBeNull();
});
