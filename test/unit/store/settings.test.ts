import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SettingResult } from "../../../src/ports.ts";
import { batchOf, blueprint, openDatabase, type Database } from "../../harness/database.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase();
});
afterAll(() => db.close());

const NOW = new Date("2026-11-21T10:00:00.000Z");

async function fleet(identities: string[], fuseLimitA: number | null = null) {
  const tenant = await db.tenant();
  const organizationId = tenant.organization.id;
  await db.stores.locations.update(organizationId, tenant.locationId, { fuseLimitA }, NOW);
  const batch = batchOf(tenant, identities, { blueprints: [{ ...blueprint, runtime: "external" }] });
  await db.stores.jobs.accept(batch);
  const ids = batch.chargers.map((charger) => charger.id);
  const [id = ""] = ids;
  return {
    id,
    ids,
    organizationId,
    merge: (changes: object, of = id) => db.stores.settings.merge(organizationId, of, changes, NOW),
    view: async () => (await db.stores.settings.view(organizationId, id))?.settings,
    record: (revision: number, results: Record<string, SettingResult>, nextAt: Date | null = NOW) =>
      db.stores.settings.record(id, revision, results, {}, nextAt),
  };
}

describe("storing desired settings", () => {
  test("raises the revision once per change and lets unchanged values keep their outcome", async () => {
    const { merge, view, record } = await fleet(["s1"]);
    expect(await merge({ maxChargeCurrent: 16 })).toEqual({ kind: "stored", revision: 1 });
    await record(1, { maxChargeCurrent: { outcome: "applied", inForce: 16 } });
    expect(await merge({ maxChargeCurrent: 16 })).toEqual({ kind: "unchanged" });
    expect(await merge({ maxChargeCurrent: 16, meterValueInterval: 60 })).toEqual({
      kind: "stored",
      revision: 2,
    });
    expect(await view()).toMatchObject({
      revision: 2,
      desired: { maxChargeCurrent: 16, meterValueInterval: 60 },
      states: {
        maxChargeCurrent: { outcome: "applied", revision: 1 },
        meterValueInterval: { outcome: "pending", revision: 2 },
      },
    });
    await merge({ maxChargeCurrent: 20 });
    expect(await view()).toMatchObject({ states: { maxChargeCurrent: { outcome: "pending", inForce: 16 } } });
  });

  test("does not find a charger of another organisation", async () => {
    const [mine, other] = [await fleet(["s2"]), await fleet(["s3"])];
    expect(await mine.merge({ maxChargeCurrent: 16 }, other.id)).toEqual({ kind: "unknown" });
    expect(await db.stores.settings.view(mine.organizationId, other.id)).toBeNull();
    expect(await other.view()).toBeNull();
  });

  test("merges a burst of updates, and each raises the revision", async () => {
    const { merge, view } = await fleet(["s4"]);
    const updates = Array.from({ length: 20 }, (_, index) => merge({ meterValueInterval: index + 1 }));
    const revisions = (await Promise.all(updates)).map(
      (result) => result.kind === "stored" && result.revision,
    );
    expect(new Set(revisions).size).toBe(20);
    expect((await view())?.revision).toBe(20);
  });

  test("a result of an older revision never overwrites a newer value", async () => {
    const { merge, view, record } = await fleet(["s5"]);
    await merge({ maxChargeCurrent: 16, maxChargePhases: 3 });
    await merge({ maxChargeCurrent: 20 });
    await record(1, { maxChargeCurrent: { outcome: "applied" }, maxChargePhases: { outcome: "applied" } });
    expect(await view()).toMatchObject({
      states: {
        maxChargeCurrent: { outcome: "pending", revision: 2 },
        maxChargePhases: { outcome: "applied" },
      },
    });
  });
});

describe("the fuse of a location", () => {
  test("is never exceeded by the overrides of its chargers, also when they are stored at once", async () => {
    const { ids, merge } = await fleet(["f1", "f2", "f3", "f4", "f5", "f6"], 32);
    const results = await Promise.all(ids.map((id) => merge({ offlineChargeCurrent: 10 }, id)));
    expect(results.filter(({ kind }) => kind === "stored")).toHaveLength(3);
    expect(results.filter(({ kind }) => kind === "fuseLimit")).toHaveLength(3);
  });

  test("does not refuse an update that does not raise the charger's own override", async () => {
    const { ids, merge, organizationId } = await fleet(["g1", "g2"], 32);
    const [first = "", second = ""] = ids;
    await merge({ offlineChargeCurrent: 20 }, first);
    const place = await db.stores.settings.view(organizationId, first);
    await db.stores.locations.update(organizationId, place?.location?.id ?? "", { fuseLimitA: 16 }, NOW);
    expect(await merge({ offlineChargeCurrent: 18 }, first)).toEqual({ kind: "stored", revision: 2 });
    expect(await merge({ offlineChargeCurrent: -1 }, second)).toEqual({ kind: "stored", revision: 1 });
    expect(await merge({ maxChargeCurrent: 32 }, second)).toEqual({ kind: "stored", revision: 2 });
    expect(await merge({ offlineChargeCurrent: 1, maxChargeCurrent: 6 }, second)).toEqual({
      kind: "fuseLimit",
    });
    expect((await db.stores.settings.view(organizationId, second))?.settings?.desired).toEqual({
      maxChargeCurrent: 32,
      offlineChargeCurrent: -1,
    });
  });
});

describe("a charger that the sweeper starts a run for", () => {
  const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);
  const connect = (id: string, online: boolean) =>
    db.stores.chargers.applySessionFacts([
      {
        chargerId: id,
        generation: 1,
        atMs: NOW.getTime(),
        fact: { type: "connection", online, ocppVersion: "ocpp1.6" },
      },
    ]);
  const dueOf = async (id: string, at: Date) =>
    (await db.stores.settings.due(at)).filter(({ chargerId }) => chargerId === id);

  test("is online with settings pending for a minute, once a minute", async () => {
    const { id, merge } = await fleet(["d1"]);
    await merge({ maxChargeCurrent: 16 });
    await connect(id, true);
    expect(await dueOf(id, later(59))).toEqual([]);
    expect(await dueOf(id, later(61))).toEqual([{ chargerId: id, revision: 1, attempt: 1 }]);
    expect(await dueOf(id, later(62))).toEqual([]);
    expect(await dueOf(id, later(122))).toEqual([{ chargerId: id, revision: 1, attempt: 2 }]);
  });

  test("is settled and has another firmware or version now, until its settings were applied to it", async () => {
    const { id, merge } = await fleet(["d5"]);
    const boot = (firmwareVersion: string | null) =>
      db.stores.chargers.applySessionFacts([
        {
          chargerId: id,
          generation: 1,
          atMs: NOW.getTime(),
          fact: { type: "boot", vendor: "V", model: "M", serialNumber: null, firmwareVersion },
        },
      ]);
    const settle = (version: "ocpp1.6" | "ocpp2.1", firmware: string | null, nextAt: Date | null = NOW) =>
      db.stores.settings.record(
        id,
        1,
        { maxChargeCurrent: { outcome: "applied" } },
        { version, firmware },
        nextAt,
      );
    await merge({ maxChargeCurrent: 16 });
    await connect(id, true);
    await boot(null);
    await settle("ocpp1.6", null);
    expect(await dueOf(id, later(61))).toEqual([]);
    await boot("2.0");
    expect(await dueOf(id, later(61))).toHaveLength(1);
    await settle("ocpp1.6", "2.0");
    expect(await dueOf(id, later(122))).toEqual([]);
    await settle("ocpp2.1", "2.0");
    expect(await dueOf(id, later(183))).toHaveLength(1);
    await settle("ocpp2.1", "2.0", null);
    expect(await dueOf(id, later(244))).toEqual([]);
  });

  test("has a lease that its session could not renew", async () => {
    const { id, merge } = await fleet(["d6"]);
    const until = (minutes: number) => later(minutes * 60).getTime();
    const renewed = (untilMs: number) =>
      db.stores.chargers.applySessionFacts([
        { chargerId: id, generation: 1, atMs: NOW.getTime(), fact: { type: "lease", untilMs } },
      ]);
    const station = async () => (await db.stores.settings.work(id))?.settings.station;
    await merge({ offlineChargeCurrent: 10 });
    await connect(id, true);
    await renewed(until(30));
    expect(await station()).toEqual({});
    const states = { offlineChargeCurrent: { outcome: "emulated" as const } };
    await db.stores.settings.record(id, 1, states, { leaseUntilMs: until(30) }, NOW);
    expect(await dueOf(id, later(19 * 60))).toEqual([]);
    await renewed(until(40));
    await renewed(until(35));
    expect(await station()).toEqual({ leaseUntilMs: until(40) });
    expect(await dueOf(id, later(29 * 60))).toEqual([]);
    expect(await dueOf(id, later(31 * 60))).toHaveLength(1);
  });

  test("is neither offline, nor settled, nor out of tries for this connection", async () => {
    const offline = await fleet(["d2"]);
    await offline.merge({ maxChargeCurrent: 16 });
    await connect(offline.id, false);
    const settled = await fleet(["d3"]);
    await settled.merge({ maxChargeCurrent: 16 });
    await connect(settled.id, true);
    await settled.record(1, { maxChargeCurrent: { outcome: "rejected" } });
    const givenUp = await fleet(["d4"]);
    await givenUp.merge({ maxChargeCurrent: 16 });
    await connect(givenUp.id, true);
    await givenUp.record(1, {}, null);
    const due = (await db.stores.settings.due(later(600))).map(({ chargerId }) => chargerId);
    expect(due.filter((id) => [offline.id, settled.id, givenUp.id].includes(id))).toEqual([]);
  });
});
