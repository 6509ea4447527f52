import { afterAll, beforeAll, expect, test } from "vitest";
import { systemIds } from "../../../src/fleet/ids.ts";
import { openDatabase, type Database } from "../../harness/database.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase();
});
afterAll(() => db.close());

async function registered() {
  const { organization } = await db.tenant();
  const id = systemIds.uuid();
  const charger = { identity: "HW-1", name: null, location: null, securityProfile: 2 as const };
  await db.stores.chargers.register(organization, { ...charger, id, now: new Date() }, null, {
    status: 201,
    body: "",
    headers: {},
  });
  return { organization, id };
}

test("a registered charger is an external target whose version is known once it has connected", async () => {
  const { organization, id } = await registered();
  const selection = { locationId: null, chargerIds: [id] };
  const target = {
    chargerId: id,
    identity: "HW-1",
    runtime: "external",
    status: "READY",
    connectors: null,
    simulatorHost: null,
    isRunning: true,
  };
  expect(await db.stores.chargers.commandTargets(organization.id, selection)).toEqual({
    isLocationKnown: true,
    targets: [{ ...target, version: null }],
  });
  const fact = { type: "connection", online: true, ocppVersion: "ocpp2.1" } as const;
  await db.stores.chargers.applySessionFacts([{ chargerId: id, generation: 1, atMs: Date.now(), fact }]);
  const { targets } = await db.stores.chargers.commandTargets(organization.id, selection);
  expect(targets).toEqual([{ ...target, version: "ocpp2.1" }]);
});

test("chargers and locations of another organisation are no targets", async () => {
  const { id } = await registered();
  const { organization } = await db.tenant();
  const none = { isLocationKnown: true, targets: [] };
  expect(
    await db.stores.chargers.commandTargets(organization.id, { locationId: null, chargerIds: [id] }),
  ).toEqual(none);
  const unknown = { locationId: systemIds.uuid(), chargerIds: null };
  expect(await db.stores.chargers.commandTargets(organization.id, unknown)).toEqual({
    isLocationKnown: false,
    targets: [],
  });
});
