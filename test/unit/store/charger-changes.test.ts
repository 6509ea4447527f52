import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NotFound } from "../../../src/errors.ts";
import type { ChargerChanges } from "../../../src/ports.ts";
import { batchOf, blueprint, openDatabase, type Database } from "../../harness/database.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase();
});
afterAll(() => db.close());

const DEFAULTS = { connectorTypes: { "generic/generic-ac-22kw": "Type2" } };
const LATER = new Date(Date.now() + 60_000);
const MINUTES_LATER = new Date(Date.now() + 10 * 60_000);

async function fleet(identities: string[], runtime: "simulated" | "external" = "simulated", settle = true) {
  const tenant = await db.tenant();
  const batch = batchOf(tenant, identities, { blueprints: [{ ...blueprint, runtime }] });
  await db.stores.jobs.accept(batch);
  const ids = batch.chargers.map((charger) => charger.id);
  if (settle) for (const id of ids) await db.stores.jobs.succeed(batch.jobId, id, new Date());
  const organizationId = tenant.organization.id;
  const update = (changes: ChargerChanges, chargerIds: string[] | null = ids) =>
    db.stores.chargers.update(
      organizationId,
      { locationId: null, chargerIds },
      changes,
      DEFAULTS,
      crypto.randomUUID(),
      LATER,
    );
  const remove = (chargerIds: string[] | null, locationId: string | null = null) =>
    db.stores.chargers.remove(organizationId, { locationId, chargerIds }, crypto.randomUUID(), LATER);
  const runtimeOf = (event: "start" | "stop" | "restart", id = ids[0] ?? "") =>
    db.stores.chargers.setRuntime(organizationId, id, event, crypto.randomUUID(), LATER);
  const get = (id = ids[0] ?? "") => db.stores.chargers.get(organizationId, id);
  return { tenant, batch, ids, organizationId, update, remove, runtimeOf, get };
}

describe("updating chargers", () => {
  test("sets values, restores defaults for null and leaves absent fields alone", async () => {
    const { update, get } = await fleet(["u1"]);
    await update({ name: "Bay 1", connectorType: "CCS2", wsUrl: "wss://csms.example/ocpp" });
    expect(await get()).toMatchObject({
      name: "Bay 1",
      connectorType: "CCS2",
      ocppVersion: "OCPP1.6",
      updatedAt: LATER,
    });
    await update({ name: null, connectorType: null });
    expect(await get()).toMatchObject({ name: null, connectorType: "Type2", ocppVersion: "OCPP1.6" });
  });

  test("leaves updated_at and revision of an unchanged charger alone and counts it as updated", async () => {
    const { update, get } = await fleet(["u2"]);
    const before = await get();
    const result = await update({ name: null, connectorType: "Type2" });
    expect(result).toMatchObject({ updated: [before], invalid: [], effects: null });
    expect(await get()).toEqual(before);
  });

  test("a change of socket, version or connector leaves one effect per simulated charger, a rename none", async () => {
    const { update, ids } = await fleet(["u3", "u4"]);
    expect((await update({ name: "x" })).effects).toBeNull();
    const { effects } = await update({ ocppVersion: "OCPP2.0.1" });
    expect(effects?.total).toBe(2);
    const pending = await db.stores.effects.pending(effects?.id ?? "", 0, 100);
    expect(pending.map((effect) => effect.work.chargerId).toSorted()).toEqual(ids.toSorted());
    expect(pending[0]).toMatchObject({
      kind: "sync",
      deleted: false,
      status: "READY",
      work: { ocppVersion: "OCPP2.0.1" },
    });
    expect(await db.stores.effects.done(effects?.id ?? "", pending.slice(0, 1))).toBe(1);
    expect(await db.stores.effects.pending(effects?.id ?? "", 0, 100)).toHaveLength(1);
  });

  test("a new connector type restarts the station, whose properties do not show it", async () => {
    const { update } = await fleet(["u3c"]);
    const kinds = async (changes: ChargerChanges) => {
      const { effects } = await update(changes);
      const pending = await db.stores.effects.pending(effects?.id ?? "", 0, 100);
      return pending.map(({ kind }) => kind);
    };
    expect(await kinds({ connectorType: "CCS2" })).toEqual(["restart"]);
    expect(await kinds({ wsUrl: "wss://csms.example/ocpp" })).toEqual(["sync"]);
    expect(await kinds({ connectorType: null, wsUrl: null })).toEqual(["restart"]);
  });

  test("refuses a socket URL on an external charger, alone", async () => {
    const { update, ids } = await fleet(["u5"], "external");
    expect(await update({ wsUrl: "wss://csms.example" })).toMatchObject({ updated: [], invalid: ids });
  });

  test("moves a charger, and writes nothing for an unknown or foreign location", async () => {
    const { update, get, tenant, organizationId } = await fleet(["u6"]);
    const other = await db.tenant();
    for (const locationId of [crypto.randomUUID(), other.locationId, "dep-1"]) {
      await expect(update({ name: "moved", locationId })).rejects.toBeInstanceOf(NotFound);
    }
    expect(await get()).toMatchObject({ name: null, locationId: tenant.locationId });
    const target = crypto.randomUUID();
    await db.sql(
      `INSERT INTO locations (id, organization_id, slug, name, created_at, updated_at)
       VALUES ($1::uuid, $2::uuid, $3, 'n', now(), now())`,
      [target, organizationId, target],
    );
    await update({ locationId: target });
    expect(await get()).toMatchObject({ locationId: target });
  });

  test("writes nothing to more than 1,000 chargers at once", async () => {
    const { update, get } = await fleet(
      Array.from({ length: 1001 }, (_, i) => `m${i}`),
      "simulated",
      false,
    );
    expect(await update({ name: "all" }, null)).toMatchObject({ updated: [], selected: 1001, effects: null });
    expect(await get()).toMatchObject({ name: null });
  });

  test("never touches another organisation's charger", async () => {
    const mine = await fleet(["u7"]);
    const theirs = await fleet(["u7"]);
    expect(await mine.update({ name: "stolen" }, theirs.ids)).toMatchObject({ updated: [], selected: 0 });
    expect(await theirs.get()).toMatchObject({ name: null });
  });
});

describe("deleting chargers", () => {
  test("an open charger fails with CANCELLED, its identity is free, and its late run changes nothing", async () => {
    const { remove, get, ids, batch, tenant, organizationId } = await fleet(["d1", "d2"], "simulated", false);
    const result = await remove([ids[0] ?? ""]);
    expect(result).toMatchObject({
      gone: [{ chargerId: ids[0], identity: "d1", runtime: "simulated" }],
      jobIds: [batch.jobId],
      effects: { total: 1 },
    });
    expect(await get()).toBeNull();
    expect(await db.stores.jobs.work(batch.jobId, ids[0] ?? "")).toBeNull();
    expect(await db.stores.jobs.succeed(batch.jobId, ids[0] ?? "", new Date())).toMatchObject({
      moved: false,
    });
    expect(await db.stores.jobs.isReady(ids[0] ?? "")).toBe(false);
    expect(await db.stores.jobs.accept(batchOf(tenant, ["d1"]))).toMatchObject({ value: { open: 1 } });
    await db.stores.jobs.succeed(batch.jobId, ids[1] ?? "", new Date());
    await db.stores.jobs.close(batch.jobId, new Date());
    const job = await db.stores.jobs.get(organizationId, tenant.locationId, batch.jobId);
    expect(job?.results?.failed).toMatchObject([{ chargerId: ids[0], error: { code: "CANCELLED" } }]);
    const [effect] = await db.stores.effects.pending(result.effects?.id ?? "", 0, 100);
    expect(effect).toMatchObject({ deleted: true, runId: `wfr_${batch.jobId}-0`, work: { identity: "d1" } });
  });

  test("a READY charger stays in its job's report with its last values", async () => {
    const { remove, ids, batch, tenant, organizationId } = await fleet(["d3"]);
    await db.stores.jobs.close(batch.jobId, new Date());
    const { effects, jobIds } = await remove(ids);
    expect(jobIds).toEqual([]);
    const job = await db.stores.jobs.get(organizationId, tenant.locationId, batch.jobId);
    expect(job?.results?.created).toMatchObject([{ id: ids[0], locationId: tenant.locationId }]);
    expect(await db.stores.effects.pending(effects?.id ?? "", 0, 100)).toMatchObject([
      { deleted: true, runId: null },
    ]);
    expect(await remove(ids)).toEqual({ gone: [], jobIds: [], effects: null });
  });

  test("a location cannot be deleted while it has a charger, and can be deleted after the last", async () => {
    const { remove, ids, tenant, organizationId } = await fleet(["d4"]);
    expect(await db.stores.locations.remove(organizationId, tenant.locationId)).toEqual({ inUse: 1 });
    await remove(ids, tenant.locationId);
    const other = await db.tenant();
    expect(await db.stores.locations.remove(other.organization.id, tenant.locationId)).toBe("unknown");
    expect(await db.stores.locations.remove(organizationId, tenant.locationId)).toBe("removed");
    expect(await db.stores.locations.remove(organizationId, tenant.locationId)).toBe("unknown");
  });
});

describe("starting and stopping", () => {
  test("a stop is stored once and leaves an effect; a second one changes nothing", async () => {
    const { runtimeOf } = await fleet(["r1"]);
    const stop = await runtimeOf("stop");
    expect(stop).toMatchObject({ state: "done", ocppVersion: "OCPP1.6", effects: { total: 1 } });
    const [effect] = await db.stores.effects.pending(stop?.effects?.id ?? "", 0, 100);
    expect(effect?.work.desiredCount).toBe(0);
    expect(await runtimeOf("stop")).toMatchObject({ state: "done", effects: null });
    expect(await runtimeOf("start")).toMatchObject({ effects: { total: 1 } });
    const restart = await runtimeOf("restart");
    expect(await db.stores.effects.pending(restart?.effects?.id ?? "", 0, 100)).toMatchObject([
      { kind: "restart" },
    ]);
  });

  test("an effect whose charger has changed since it was read stays and is carried out again", async () => {
    const { runtimeOf, update } = await fleet(["r1b"]);
    const batchOf = async (change: Promise<{ effects: { id: string } | null } | null>) =>
      (await change)?.effects?.id ?? "";
    const read = async (batch: string) => db.stores.effects.pending(batch, 0, 100);
    const stop = await batchOf(runtimeOf("stop"));
    const stopping = await read(stop);
    const start = await batchOf(runtimeOf("start"));
    const starting = await read(start);
    expect(await db.stores.effects.done(start, starting)).toBe(1);
    // The stop is carried out behind the start it was read before: whoever did so has to look again.
    expect(await db.stores.effects.done(stop, stopping)).toBe(0);
    const again = await read(stop);
    expect(again.map(({ work }) => work.desiredCount)).toEqual([1]);
    await update({ ocppVersion: "OCPP2.1" });
    expect(await db.stores.effects.done(stop, again)).toBe(0);
    expect(await db.stores.effects.done(stop, await read(stop))).toBe(1);
  });

  test("says why an external, an unfinished or an unknown charger has no runtime", async () => {
    const external = await fleet(["r2"], "external");
    expect(await external.runtimeOf("stop")).toMatchObject({ state: "external", effects: null });
    const open = await fleet(["r3"], "simulated", false);
    expect(await open.runtimeOf("stop")).toMatchObject({ state: "notProvisioned", effects: null });
    expect(await open.runtimeOf("stop", "dep-123")).toBeNull();
    expect(await open.runtimeOf("stop", external.ids[0])).toBeNull();
  });
});

test("effects left for a minute are returned again with a new attempt", async () => {
  const { update } = await fleet(["e1"]);
  const { effects } = await update({ ocppVersion: "OCPP2.1" });
  const found = await db.stores.effects.leftOver(MINUTES_LATER);
  expect(found.filter((batch) => batch.id === effects?.id)).toEqual([
    { id: effects?.id, attempt: 1, total: 1 },
  ]);
});

test("a location changes only what is named, and moves updated_at only then", async () => {
  const tenant = await db.tenant();
  const change = (changes: object) =>
    db.stores.locations.update(tenant.organization.id, tenant.locationId, changes, LATER);
  const before = await db.stores.locations.get(tenant.organization.id, tenant.locationId);
  expect(await change({ name: before?.name })).toEqual(before);
  const coordinates = { latitude: 1.5, longitude: -2 };
  expect(await change({ city: "Paris", coordinates, fuseLimitA: 63 })).toEqual({
    ...before,
    city: "Paris",
    coordinates,
    fuseLimitA: 63,
    revision: 2,
    updatedAt: LATER,
  });
  expect(await change({ coordinates: null, city: null })).toMatchObject({
    coordinates: null,
    city: null,
    fuseLimitA: 63,
  });
});
