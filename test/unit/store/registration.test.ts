import { afterAll, beforeAll, expect, test } from "vitest";
import { systemIds } from "../../../src/fleet/ids.ts";
import { openDatabase, type Database } from "../../harness/database.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase();
});
afterAll(() => db.close());

const RECORD = { status: 201, body: "{}", headers: {} };

test("a registration that was taken back leaves its identity and its Idempotency-Key free, and an effect for its session", async () => {
  const { organization } = await db.tenant();
  const claim = { method: "POST", path: "/api/v1/chargers", key: "k", bodyHash: "h" };
  const register = () => {
    const charger = { identity: "HW-1", name: null, location: null, securityProfile: 2 as const };
    const id = systemIds.uuid();
    return db.stores.chargers.register(organization, { ...charger, id, now: new Date() }, claim, RECORD);
  };
  const first = await register();
  if (first.kind !== "done") throw new Error("the key was used before");
  const batchId = systemIds.uuid();
  const takeBack = () =>
    db.stores.chargers.unregister(organization.id, first.value.id, claim, batchId, new Date());
  await takeBack();
  expect(await db.stores.chargers.findByIdentity(organization.id, "HW-1")).toBeNull();
  const effects = await db.stores.effects.pending(batchId, 0, 10);
  expect(effects).toMatchObject([{ kind: "sync", deleted: true, work: { chargerId: first.value.id } }]);
  const second = await register();
  expect(second.kind).toBe("done");
  await takeBack();
  expect(await db.stores.chargers.findByIdentity(organization.id, "HW-1")).not.toBeNull();
  expect(await register()).toMatchObject({ kind: "replayed" });
});
