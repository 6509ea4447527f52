import { evictDurableObject } from "cloudflare:test";
import { beforeEach, expect, test, vi } from "vitest";
import { DatabaseDouble } from "./database-double.ts";
import { inObject, newCharger, provisioned, StationDouble, type Charger } from "./station-double.ts";

let database: DatabaseDouble;
beforeEach(() => {
  database = new DatabaseDouble();
});

const PSEUDONYM = "erased-0a1b2c3d4e5f";
const everyFrame = { startMs: null, endMs: null, action: null, limit: 1000, offset: 0 };
const timestamp = new Date().toISOString();

/** All that the object of a charger stores, as text. */
function stored(charger: Charger): Promise<string> {
  return inObject(charger, (_instance, { storage }) => {
    const tables = storage.sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'",
      )
      .toArray();
    const rows = tables.map(({ name }) => storage.sql.exec(`SELECT * FROM "${name}"`).toArray());
    return JSON.stringify([storage.kv.get("record"), rows]);
  });
}

test("a tag is replaced in frames, transactions, transfers and facts, and nothing brings it back", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const start = { connectorId: 1, idTag: "Secret-7", meterStart: 0, timestamp };
  const [, , started] = await station.call("StartTransaction", start);
  const { transactionId } = started as { transactionId: number };
  await station.call("Authorize", { idTag: "SECRET-7" });
  await station.call("DataTransfer", { vendorId: "V", data: "card secret-7 was here" });
  await vi.waitFor(() => expect(database.factsOf(charger.ref.chargerId).length).toBeGreaterThan(3));
  database.isDown = true;
  await station.call("DataTransfer", { vendorId: "V", data: '{"idTag":"SECRET-7"}' });
  await station.call("StartTransaction", { ...start, connectorId: 2 });
  expect((await stored(charger)).toLowerCase()).toContain("secret-7");

  expect(await charger.session.eraseTag(charger.ref, "secret-7", PSEUDONYM)).toBe(true);
  const left = await stored(charger);
  expect(left.toLowerCase()).not.toContain("secret-7");
  expect(left).toContain(PSEUDONYM);
  const log = await charger.session.frames(charger.ref, everyFrame);
  const text = JSON.stringify(log);
  expect(text.toLowerCase()).not.toContain("secret-7");
  expect(log?.rows.map(({ action }) => action)).toContain("StartTransaction");
  expect(JSON.stringify(await charger.session.dataTransfers(charger.ref, 10)).toLowerCase()).not.toContain(
    "secret-7",
  );

  database.isDown = false;
  database.flushes = [];
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
  const stop = { transactionId, meterStop: 9, timestamp: new Date().toISOString() };
  expect((await station.call("StopTransaction", stop))[0]).toBe(3);
  // After failures the outbox waits for its alarm.
  await vi.waitFor(async () => {
    await inObject(charger, (instance) => instance.alarm());
    const told = database
      .factsOf(charger.ref.chargerId)
      .filter((fact) => fact["transaction_id"] === transactionId);
    expect(told.at(-1)).toMatchObject({ status: "completed", id_tag: PSEUDONYM });
  });
  expect(JSON.stringify(database.flushes).toLowerCase()).not.toContain("secret-7");
});

test.each(["1", "null", "type", "dataTransfer"])(
  "the erasure of the tag %s leaves facts that reach Postgres and frames that can be read",
  async (tag) => {
    const charger = await provisioned();
    const station = await StationDouble.booted(charger);
    await vi.waitFor(() => expect(database.factsOf(charger.ref.chargerId).length).toBeGreaterThan(0));
    database.isDown = true;
    await station.call("DataTransfer", { vendorId: "V", data: `card ${tag}` });
    await charger.session.eraseTag(charger.ref, tag.toLowerCase(), PSEUDONYM);
    const log = await charger.session.frames(charger.ref, { ...everyFrame, action: "DataTransfer" });
    const received = log?.rows.find(({ direction }) => direction === "cp_to_csms");
    expect(JSON.parse(received?.message ?? "")).toMatchObject([
      2,
      expect.any(String),
      "DataTransfer",
      { vendorId: "V", data: `card ${PSEUDONYM}` },
    ]);

    database.isDown = false;
    await vi.waitFor(async () => {
      await inObject(charger, (instance) => instance.alarm());
      expect(database.factsOf(charger.ref.chargerId).at(-1)).toMatchObject({ data: `card ${PSEUDONYM}` });
    });
  },
);

test("an erasure that is repeated changes nothing, and one for a session that is not there says so", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  await station.call("Authorize", { idTag: "SECRET-7" });
  await charger.session.eraseTag(charger.ref, "secret-7", PSEUDONYM);
  const before = await stored(charger);
  await charger.session.eraseTag(charger.ref, "secret-7", PSEUDONYM);
  expect(await stored(charger)).toBe(before);
  const nobody = newCharger();
  expect(await nobody.session.eraseTag(nobody.ref, "secret-7", PSEUDONYM)).toBe(false);
});
