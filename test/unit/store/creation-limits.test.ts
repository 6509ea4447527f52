import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LimitReached } from "../../../src/errors.ts";
import type { BatchAccept } from "../../../src/ports.ts";
import { chargerStore } from "../../../src/store/chargers.ts";
import { jobStore } from "../../../src/store/jobs.ts";
import { batchOf, newCharger, openDatabase, type Database } from "../../harness/database.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase();
});
afterAll(() => db.close());

type Tenant = Awaited<ReturnType<Database["tenant"]>>;

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, at) => `${prefix}${at}`);
const single: Partial<BatchAccept> = { type: "charger_create" };

async function chargersOf({ organization }: Tenant): Promise<number> {
  const page = { limit: 1, offset: 0 };
  return (await db.stores.chargers.list(organization.id, { locationId: null, ids: null }, page)).total;
}

function register({ organization }: Tenant, identity: string) {
  const charger = { id: crypto.randomUUID(), identity, name: null, location: null };
  return db.stores.chargers.register(
    organization,
    { ...charger, securityProfile: 2, now: new Date() },
    null,
    { status: 201, body: "", headers: {} },
  );
}

/** How many of the given promises were refused for a limit; any other failure fails the test. */
async function refusals(work: Promise<unknown>[]): Promise<number> {
  const settled = await Promise.allSettled(work);
  const errors = settled.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
  for (const error of errors) expect(error).toBeInstanceOf(LimitReached);
  return errors.length;
}

describe("the charger limit", () => {
  test("applies to a batch, a single create and a registration, and is named in the error", async () => {
    const tenant = await db.tenant({ chargerLimit: 5 });
    const message = "Charger limit reached. Your organisation allows 5 charger(s).";
    const refused = { message, retryAfterSeconds: null };
    await expect(db.stores.jobs.accept(batchOf(tenant, names("A", 6)))).rejects.toMatchObject(refused);
    expect(await chargersOf(tenant)).toBe(0);
    await db.stores.jobs.accept(batchOf(tenant, names("A", 3)));
    await db.stores.jobs.accept(batchOf(tenant, ["B"], single));
    await register(tenant, "C");
    await expect(db.stores.jobs.accept(batchOf(tenant, ["D"]))).rejects.toMatchObject(refused);
    await expect(db.stores.jobs.accept(batchOf(tenant, ["D"], single))).rejects.toMatchObject(refused);
    await expect(register(tenant, "D")).rejects.toMatchObject(refused);
    expect(await chargersOf(tenant)).toBe(5);
  });

  test("is not exceeded by simultaneous requests of every kind", async () => {
    const tenant = await db.tenant({ chargerLimit: 20 });
    const batches = names("batch", 8).map((prefix) =>
      db.stores.jobs.accept(batchOf(tenant, names(prefix, 3))),
    );
    const singles = names("single", 8).map((name) => db.stores.jobs.accept(batchOf(tenant, [name], single)));
    const registrations = names("registered", 8).map((identity) => register(tenant, identity));
    const refused = await refusals([...batches, ...singles, ...registrations]);
    expect(refused).toBeGreaterThan(0);
    const stored = await chargersOf(tenant);
    expect(stored).toBeLessThanOrEqual(20);
    // A batch of three does not fit into the last two places: nothing else may be left.
    expect(stored).toBeGreaterThan(17);
  });

  test("leaves no job and no idempotency claim of a refused request", async () => {
    const tenant = await db.tenant({ chargerLimit: 2 });
    const claim = { method: "POST", path: "/p", key: "k", bodyHash: "h" };
    const over = batchOf(tenant, names("A", 3), { claim });
    await expect(db.stores.jobs.accept(over)).rejects.toBeInstanceOf(LimitReached);
    expect(await db.stores.jobs.get(tenant.organization.id, tenant.locationId, over.jobId)).toBeNull();
    const within = batchOf(tenant, names("A", 2), { claim: { ...claim, bodyHash: "other" } });
    expect(await db.stores.jobs.accept(within)).toMatchObject({ kind: "done", value: { open: 2 } });
    expect(
      await db.stores.jobs.accept(batchOf(tenant, names("A", 3), { claim: within.claim })),
    ).toMatchObject({
      kind: "replayed",
    });
  });

  test("counts existing chargers: taken or replaced identities need no room, deleted chargers free it", async () => {
    const tenant = await db.tenant({ chargerLimit: 3 });
    const { organization, locationId } = tenant;
    const first = batchOf(tenant, names("A", 3));
    await db.stores.jobs.accept(first);
    expect(await db.stores.jobs.accept(batchOf(tenant, ["A0", "A1"]))).toMatchObject({ value: { open: 0 } });
    await db.sql.write("UPDATE chargers SET status = 'FAILED' WHERE id = $1::uuid", [first.chargers[0]?.id]);
    expect(await db.stores.jobs.accept(batchOf(tenant, ["A0"], single))).toMatchObject({
      value: { open: 1 },
    });
    await expect(db.stores.jobs.accept(batchOf(tenant, ["B"]))).rejects.toBeInstanceOf(LimitReached);
    const selection = { locationId, chargerIds: [first.chargers[1]?.id ?? ""] };
    await db.stores.chargers.remove(organization.id, selection, crypto.randomUUID(), new Date());
    expect(await db.stores.jobs.accept(batchOf(tenant, ["B"]))).toMatchObject({ value: { open: 1 } });
    await expect(db.stores.jobs.accept(batchOf(tenant, ["C"]))).rejects.toBeInstanceOf(LimitReached);
  });

  test("reserves room for random identities that are drawn again", async () => {
    const tenant = await db.tenant({ chargerLimit: 4 });
    await db.stores.jobs.accept(batchOf(tenant, ["R-1", "R-2"]));
    const chargers = ["R-1", "R-2", "R-3"].map((identity) => newCharger(identity, true));
    await expect(db.stores.jobs.accept(batchOf(tenant, [], { chargers }))).rejects.toBeInstanceOf(
      LimitReached,
    );
    const batch = batchOf(tenant, [], { chargers: chargers.slice(0, 2) });
    expect(await db.stores.jobs.accept(batch)).toMatchObject({ value: { open: 0, clashes: [0, 1] } });
    const again = ["R-8", "R-9", "R-10"].map((identity, seq) => ({ ...newCharger(identity, true), seq }));
    await expect(db.stores.jobs.redraw(batch, again)).rejects.toBeInstanceOf(LimitReached);
    expect(await db.stores.jobs.redraw(batch, again.slice(0, 2))).toEqual([]);
    expect(await chargersOf(tenant)).toBe(4);
  });

  test("is that of the deployment if the organisation has none", async () => {
    const tenant = await db.tenant();
    const limits = { chargers: 1, openJobs: 20 };
    await jobStore(db.sql, limits).accept(batchOf(tenant, ["A"]));
    await expect(jobStore(db.sql, limits).accept(batchOf(tenant, ["B"]))).rejects.toBeInstanceOf(
      LimitReached,
    );
    await expect(
      chargerStore(db.sql, limits).register(
        tenant.organization,
        {
          id: crypto.randomUUID(),
          identity: "C",
          name: null,
          location: null,
          securityProfile: 2,
          now: new Date(),
        },
        null,
        { status: 201, body: "", headers: {} },
      ),
    ).rejects.toBeInstanceOf(LimitReached);
  });
});

describe("the limit of open jobs", () => {
  test("is not exceeded by simultaneous batches, does not apply to single creates, and frees room when batches complete", async () => {
    const tenant = await db.tenant();
    await db.sql.write("UPDATE organizations SET open_job_limit = 3 WHERE id = $1::uuid", [
      tenant.organization.id,
    ]);
    const batches = names("batch", 12).map((prefix) => batchOf(tenant, names(prefix, 2)));
    expect(await refusals(batches.map((batch) => db.stores.jobs.accept(batch)))).toBe(9);
    expect(await chargersOf(tenant)).toBe(6);
    await expect(db.stores.jobs.accept(batchOf(tenant, ["X"]))).rejects.toMatchObject({
      message: "Open job limit reached. Your organisation allows 3 open job(s).",
      retryAfterSeconds: 5,
    });
    expect(await db.stores.jobs.accept(batchOf(tenant, ["X"], single))).toMatchObject({ value: { open: 1 } });
    await db.sql.write("UPDATE jobs SET status = 'READY' WHERE organization_id = $1::uuid", [
      tenant.organization.id,
    ]);
    expect(await db.stores.jobs.accept(batchOf(tenant, ["Y"]))).toMatchObject({ value: { open: 1 } });
  });

  test("refuses no repeat of a batch that was accepted", async () => {
    const tenant = await db.tenant();
    await db.sql.write("UPDATE organizations SET open_job_limit = 1 WHERE id = $1::uuid", [
      tenant.organization.id,
    ]);
    const claim = { method: "POST", path: "/p", key: "k", bodyHash: "h" };
    const batch = batchOf(tenant, ["A"], { claim });
    await db.stores.jobs.accept(batch);
    await expect(db.stores.jobs.accept(batchOf(tenant, ["B"]))).rejects.toBeInstanceOf(LimitReached);
    expect(await db.stores.jobs.accept(batchOf(tenant, ["A"], { claim }))).toMatchObject({
      kind: "replayed",
    });
  });
});
