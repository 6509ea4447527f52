import { afterAll, beforeAll, expect, test } from "vitest";
import type { SessionFact } from "../../../src/ports.ts";
import { Conflict, Limited } from "../../../src/errors.ts";
import { openDatabase, type Database } from "../../harness/database.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase();
});
afterAll(() => db.close());

const RECORD = { status: 201, body: "{}", headers: {} };
const T0 = Date.UTC(2026, 0, 1);

async function registered(identity = "CP-1") {
  const { organization } = await db.tenant();
  const id = crypto.randomUUID();
  const charger = {
    id,
    identity,
    name: "n",
    location: "hall",
    securityProfile: 2 as const,
    now: new Date(T0),
  };
  await db.stores.chargers.register(organization, charger, null, RECORD);
  const read = () => db.stores.chargers.findByIdentity(organization.id, identity);
  const apply = (generation: number, atMs: number, ...facts: SessionFact[]) =>
    db.stores.chargers.applySessionFacts(facts.map((fact) => ({ chargerId: id, generation, atMs, fact })));
  return { organization, charger, id, read, apply };
}

const online: SessionFact = { type: "connection", online: true, ocppVersion: "ocpp1.6" };
const offline: SessionFact = { type: "connection", online: false, ocppVersion: null };
const boot: SessionFact = {
  type: "boot",
  vendor: "ABB",
  model: "Terra",
  serialNumber: "7",
  firmwareVersion: "1.0",
};
const connector = (status: string): SessionFact => ({
  type: "connector",
  evseId: 1,
  connectorId: 1,
  status,
  errorCode: "NoError",
});

test("the end of an earlier line does not end a newer one in the same statement", async () => {
  const { id, read, apply } = await registered("CP-two-lines");
  await apply(1, T0, online, boot);
  const row = (generation: number, atMs: number, fact: SessionFact) => ({
    chargerId: id,
    generation,
    atMs,
    fact,
  });
  const { applySessionFacts } = db.stores.chargers;
  await applySessionFacts([row(1, T0 + 1000, offline), row(2, T0 + 3000, { type: "seen" })]);
  expect(await read()).toMatchObject({ online: true });
  await apply(2, T0 + 4000, offline);
  expect(await read()).toMatchObject({ online: false });
});

test("a line is shown from its first fact on, whatever that is, until its end", async () => {
  const { read, apply } = await registered("CP-late-beginning");
  await apply(0, T0, { type: "seen" });
  expect(await read()).toMatchObject({ online: false });
  await apply(1, T0 + 2000, connector("Available"));
  expect(await read()).toMatchObject({ online: true });
  await apply(1, T0 + 1000, online, boot);
  expect(await read()).toMatchObject({ online: true, vendor: "ABB" });
  await apply(1, T0 + 3000, offline);
  await apply(2, T0 + 5000, { type: "seen" });
  expect(await read()).toMatchObject({ online: true });
  await apply(2, T0 + 4000, offline);
  expect(await read()).toMatchObject({ online: false });
  await apply(2, T0 + 3500, online);
  expect(await read()).toMatchObject({ online: false });
});

test("a late fact of a line adds what is unknown and does not replace newer facts", async () => {
  const { read, apply } = await registered();
  await apply(1, T0 + 2000, offline, connector("Unavailable"));
  await apply(1, T0 + 1000, online, boot, connector("Available"));
  expect(await read()).toMatchObject({
    online: false,
    vendor: "ABB",
    lastMessageAt: new Date(T0 + 2000),
    connectors: [{ status: "Unavailable" }],
  });
  await apply(1, T0 + 1500, online);
  expect(await read()).toMatchObject({ online: false });
});

test("a flush of boot, connection and connectors shows on the charger, and repeating it changes nothing", async () => {
  const { read, apply, organization, id } = await registered();
  for (let i = 0; i < 2; i += 1) await apply(1, T0 + 1000, online, boot, connector("Available"));
  expect(await read()).toMatchObject({
    online: true,
    ocppVersion: "ocpp1.6",
    vendor: "ABB",
    model: "Terra",
    serialNumber: "7",
    lastMessageAt: new Date(T0 + 1000),
    connectors: [{ evseId: 1, connectorId: 1, status: "Available", errorCode: "NoError" }],
  });
  expect(await db.stores.chargers.get(organization.id, id)).toMatchObject({
    vendorName: "ABB",
    model: "Terra",
  });
});

test("an older generation never overwrites a newer one", async () => {
  const { read, apply } = await registered();
  await apply(3, T0 + 3000, online);
  await apply(2, T0 + 4000, offline);
  expect(await read()).toMatchObject({ online: true });
  await apply(3, T0 + 5000, offline);
  // Going offline is noticed, not heard: the last message stays where it was.
  expect(await read()).toMatchObject({
    online: false,
    ocppVersion: "ocpp1.6",
    lastMessageAt: new Date(T0 + 3000),
  });
});

test("an older connector status never overwrites a newer one", async () => {
  const { read, apply } = await registered();
  await apply(1, T0 + 2000, connector("Charging"));
  await apply(1, T0 + 1000, connector("Available"));
  expect((await read())?.connectors).toMatchObject([{ status: "Charging" }]);
});

test("chargers that do not exist or are deleted are returned", async () => {
  const { organization, id, apply } = await registered();
  const chargerId = crypto.randomUUID();
  expect(await apply(1, T0, online)).toEqual([]);
  expect(
    await db.stores.chargers.applySessionFacts([{ chargerId, generation: 1, atMs: T0, fact: online }]),
  ).toEqual([{ chargerId, isDeleted: false }]);
  await db.stores.chargers.remove(
    organization.id,
    { locationId: null, chargerIds: [id] },
    crypto.randomUUID(),
    new Date(T0),
  );
  expect(await apply(1, T0 + 1000, online)).toEqual([{ chargerId: id, isDeleted: true }]);
});

test("a deleted charger is offline from its deletion on, whatever facts arrive later", async () => {
  const { organization, id, apply } = await registered();
  const shown = () => db.sql("SELECT online FROM charger_connections WHERE charger_id = $1::uuid", [id]);
  await apply(1, T0, online, boot);
  await db.stores.chargers.remove(
    organization.id,
    { locationId: null, chargerIds: [id] },
    crypto.randomUUID(),
    new Date(T0),
  );
  expect(await shown()).toEqual([{ online: false }]);
  await apply(2, T0 + 1000, online);
  expect(await shown()).toEqual([{ online: false }]);
  // A flush that was on its way when the charger was deleted.
  await db.sql("UPDATE charger_connections SET online = true WHERE charger_id = $1::uuid", [id]);
  await apply(2, T0 + 2000, offline);
  expect(await shown()).toEqual([{ online: false }]);
});

test("the list filters by connection and counts all matches", async () => {
  const { organization, apply } = await registered("CP-on");
  const other = {
    id: crypto.randomUUID(),
    identity: "CP-off",
    name: null,
    location: null,
    securityProfile: 0 as const,
    now: new Date(T0),
  };
  await db.stores.chargers.register(organization, other, null, RECORD);
  await apply(1, T0, online);
  const page = { limit: 10, offset: 0 };
  const names = async (filter: boolean | null) => {
    const found = await db.stores.chargers.listConnected(organization.id, { online: filter }, page);
    return [found.total, ...found.rows.map((row) => row.identity).toSorted()];
  };
  expect(await names(true)).toEqual([1, "CP-on"]);
  expect(await names(false)).toEqual([1, "CP-off"]);
  expect(await names(null)).toEqual([2, "CP-off", "CP-on"]);
});

test("a registered identity is refused a second time, and another organisation may have it", async () => {
  const { organization, charger } = await registered("CP-dup");
  const again = { ...charger, id: crypto.randomUUID() };
  await expect(db.stores.chargers.register(organization, again, null, RECORD)).rejects.toBeInstanceOf(
    Conflict,
  );
  await registered("CP-dup");
});

test("the charger limit of an organisation holds, and a replay does not count", async () => {
  const { organization } = await db.tenant({ chargerLimit: 1 });
  const claim = { method: "POST", path: "/api/v1/chargers", key: "k", bodyHash: "h" };
  const register = (identity: string, key: typeof claim | null) =>
    db.stores.chargers.register(
      organization,
      { id: crypto.randomUUID(), identity, name: null, location: null, securityProfile: 2, now: new Date() },
      key,
      RECORD,
    );
  expect(await register("L1", claim)).toMatchObject({ kind: "done" });
  await expect(register("L2", null)).rejects.toBeInstanceOf(Limited);
  expect(await register("L1", claim)).toEqual({ kind: "replayed", response: RECORD });
});
