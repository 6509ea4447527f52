import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Conflict, IdempotencyMismatch, NotFound } from "../../../src/errors.ts";
import type { IdempotencyClaim } from "../../../src/ports.ts";
import { batchOf, newCharger, openDatabase, type Database } from "../../harness/database.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase();
});
afterAll(() => db.close());

const claimOf = (key: string, bodyHash = "h1"): IdempotencyClaim => ({
  method: "POST",
  path: "/p",
  key,
  bodyHash,
});

async function openIdentities(organizationId: string): Promise<string[]> {
  const page = await db.stores.chargers.list(
    organizationId,
    { locationId: null, ids: null },
    { limit: 100, offset: 0 },
  );
  return page.rows.map((row) => row.identity);
}

describe("accepting a batch", () => {
  test("stores job and chargers at once, listed in request order as PENDING", async () => {
    const tenant = await db.tenant();
    const batch = batchOf(tenant, ["B", "A", "C"]);
    const result = await db.stores.jobs.accept(batch);
    expect(result).toEqual({ kind: "done", value: { open: 3, clashes: [] } });
    expect(await openIdentities(tenant.organization.id)).toEqual(["B", "A", "C"]);
    const job = await db.stores.jobs.get(tenant.organization.id, tenant.locationId, batch.jobId);
    expect(job).toMatchObject({
      status: "PENDING",
      workflowRunId: `wfr_${batch.jobId}`,
      progress: { total: 3, created: 0, failed: 0, pending: 3 },
      results: null,
    });
    const first = await db.stores.chargers.provisioning(tenant.organization.id, batch.chargers[0]?.id ?? "");
    expect(first).toMatchObject({
      status: "PENDING",
      workflowRunId: `wfr_${batch.jobId}-0`,
      provisionedAt: null,
    });
  });

  test("reports existing identities as IDENTITY_TAKEN and stores the rest", async () => {
    const tenant = await db.tenant();
    await db.stores.jobs.accept(batchOf(tenant, ["X1"]));
    const batch = batchOf(tenant, ["X0", "X1", "X2"]);
    expect(await db.stores.jobs.accept(batch)).toMatchObject({ value: { open: 2 } });
    const job = await db.stores.jobs.get(tenant.organization.id, tenant.locationId, batch.jobId);
    expect(job?.progress).toEqual({ total: 3, created: 0, failed: 1, pending: 2 });
  });

  test("is complete at once when every identity is taken", async () => {
    const tenant = await db.tenant();
    await db.stores.jobs.accept(batchOf(tenant, ["Y1"]));
    const batch = batchOf(tenant, ["Y1"]);
    expect(await db.stores.jobs.accept(batch)).toMatchObject({ value: { open: 0 } });
    const job = await db.stores.jobs.get(tenant.organization.id, tenant.locationId, batch.jobId);
    expect(job).toMatchObject({ status: "READY", workflowRunId: null });
    expect(job?.results).toEqual({
      created: [],
      failed: [
        {
          seq: 0,
          identity: "Y1",
          chargerId: null,
          error: {
            code: "IDENTITY_TAKEN",
            message: "A charger with identity 'Y1' already exists",
            retryable: false,
          },
        },
      ],
    });
  });

  test("replaces a FAILED charger of the same identity under a new id, and keeps the old job's report", async () => {
    const tenant = await db.tenant();
    const first = batchOf(tenant, ["Z1"]);
    await db.stores.jobs.accept(first);
    const failedId = first.chargers[0]?.id ?? "";
    await db.stores.jobs.fail(
      first.jobId,
      failedId,
      { code: "INTERNAL", message: "m", retryable: true },
      new Date(),
    );
    await db.stores.jobs.close(first.jobId, new Date());
    const second = batchOf(tenant, ["Z1"]);
    expect(await db.stores.jobs.accept(second)).toMatchObject({ value: { open: 1 } });
    expect(await db.stores.chargers.get(tenant.organization.id, failedId)).toBeNull();
    expect(await openIdentities(tenant.organization.id)).toEqual(["Z1"]);
    const report = await db.stores.jobs.get(tenant.organization.id, tenant.locationId, first.jobId);
    expect(report?.results?.failed).toMatchObject([{ chargerId: failedId, error: { code: "INTERNAL" } }]);
  });

  test("draws clashing random identities again without a trace of the clash", async () => {
    const tenant = await db.tenant();
    await db.stores.jobs.accept(batchOf(tenant, ["R-aaaaaaaa"]));
    const batch = batchOf(tenant, [], { chargers: [newCharger("R-aaaaaaaa", true)] });
    expect(await db.stores.jobs.accept(batch)).toMatchObject({ value: { open: 0, clashes: [0] } });
    expect(await db.stores.jobs.redraw(batch, [{ ...newCharger("R-bbbbbbbb", true), seq: 0 }])).toEqual([]);
    const job = await db.stores.jobs.get(tenant.organization.id, tenant.locationId, batch.jobId);
    expect(job).toMatchObject({
      status: "PENDING",
      workflowRunId: `wfr_${batch.jobId}`,
      progress: { total: 1, failed: 0, pending: 1 },
    });
  });

  test("writes nothing for an unknown, malformed or foreign location", async () => {
    const tenant = await db.tenant();
    const other = await db.tenant();
    for (const locationId of [crypto.randomUUID(), "dep-123", other.locationId]) {
      const batch = batchOf({ ...tenant, locationId }, ["N1"], { claim: claimOf(`k-${locationId}`) });
      await expect(db.stores.jobs.accept(batch)).rejects.toBeInstanceOf(NotFound);
    }
    expect(await openIdentities(tenant.organization.id)).toEqual([]);
    const keys = await db.sql("SELECT key FROM idempotency_keys WHERE organization_id = $1::uuid", [
      tenant.organization.id,
    ]);
    expect(keys).toEqual([]);
  });

  test("gives 50 simultaneous requests with one Idempotency-Key one job and one recorded answer", async () => {
    const tenant = await db.tenant();
    const claim = claimOf("same");
    const results = await Promise.all(
      Array.from({ length: 50 }, () => db.stores.jobs.accept(batchOf(tenant, ["I1", "I2"], { claim }))),
    );
    expect(results.filter((result) => result.kind === "done")).toHaveLength(1);
    const bodies = results.flatMap((result) => (result.kind === "replayed" ? [result.response.body] : []));
    expect(new Set(bodies).size).toBe(1);
    expect(await openIdentities(tenant.organization.id)).toEqual(["I1", "I2"]);
    const jobs = await db.sql("SELECT id FROM jobs WHERE organization_id = $1::uuid", [
      tenant.organization.id,
    ]);
    expect(bodies[0]).toBe(`published ${String(jobs[0]?.["id"])}`);
  });

  test("refuses a used key with another body, and takes it again after 24 hours", async () => {
    const tenant = await db.tenant();
    await db.stores.jobs.accept(batchOf(tenant, ["K1"], { claim: claimOf("k") }));
    const changed = batchOf(tenant, ["K2"], { claim: claimOf("k", "h2") });
    await expect(db.stores.jobs.accept(changed)).rejects.toBeInstanceOf(IdempotencyMismatch);
    const tomorrow = new Date(Date.now() + 25 * 3600 * 1000);
    expect(await db.stores.jobs.accept({ ...changed, now: tomorrow })).toMatchObject({ kind: "done" });
  });

  test("answers a repeat after a failed publish with the unpublished form", async () => {
    const tenant = await db.tenant();
    const claim = claimOf("u");
    const batch = batchOf(tenant, ["U1"], { claim });
    await db.stores.jobs.accept(batch);
    await db.stores.jobs.markUnpublished(batch);
    const repeat = await db.stores.jobs.accept(batchOf(tenant, ["U1"], { claim }));
    expect(repeat).toMatchObject({ kind: "replayed", response: { body: `unpublished ${batch.jobId}` } });
    const state = await db.stores.chargers.provisioning(tenant.organization.id, batch.chargers[0]?.id ?? "");
    expect(state).toMatchObject({ status: "PENDING", workflowRunId: null });
  });
});

describe("accepting a single charger", () => {
  test("lets exactly one of two simultaneous creates of an identity win", async () => {
    const tenant = await db.tenant();
    const create = () =>
      db.stores.jobs.accept(
        batchOf(tenant, ["S1"], { type: "charger_create", claim: claimOf(crypto.randomUUID()) }),
      );
    const results = await Promise.allSettled([create(), create(), create()]);
    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
    for (const result of results)
      if (result.status === "rejected") expect(result.reason).toBeInstanceOf(Conflict);
    const keys = await db.sql("SELECT key FROM idempotency_keys WHERE organization_id = $1::uuid", [
      tenant.organization.id,
    ]);
    expect(keys).toHaveLength(1);
  });
});
