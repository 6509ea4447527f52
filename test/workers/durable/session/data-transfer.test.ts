import { evictDurableObject } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import { DatabaseDouble } from "./database-double.ts";
import { inObject, provisioned, StationDouble } from "./station-double.ts";

let database: DatabaseDouble;
beforeEach(() => {
  database = new DatabaseDouble();
});

const transfer = { kind: "dataTransfer", vendorId: "V", messageId: "M", data: "{}" } as const;

test("vendor messages of both directions are listed newest first, also after an eviction, and told", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const outcome = charger.session.command(charger.ref, transfer, 5000);
  const [, id] = await station.nextCall();
  station.send([3, id, { status: "Accepted", data: "yes" }]);
  await outcome;
  expect((await station.call("DataTransfer", { vendorId: "W", data: "hello" }))[2]).toEqual({
    status: "UnknownVendorId",
  });
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
  const listed = await charger.session.dataTransfers(charger.ref, 20);
  expect(listed).toMatchObject([
    {
      direction: "incoming",
      vendorId: "W",
      messageId: null,
      data: "hello",
      responseStatus: "UnknownVendorId",
    },
    { direction: "outgoing", vendorId: "V", messageId: "M", responseStatus: "Accepted", responseData: "yes" },
  ]);
  await inObject(charger, (instance) => instance.alarm());
  const told = database.factsOf(charger.ref.chargerId).filter(({ direction }) => direction !== undefined);
  expect(told.map((fact) => fact["id"])).toEqual(listed?.map(({ id }) => id).toReversed());
});

test("a vendor message that failed is listed with its failure, even when no station was ever there", async () => {
  const charger = await provisioned();
  expect(await charger.session.command(charger.ref, transfer, 1000)).toEqual({ kind: "offline" });
  const station = await StationDouble.booted(charger);
  expect(await charger.session.command(charger.ref, transfer, 50)).toEqual({ kind: "timeout", sent: true });
  const refused = charger.session.command(charger.ref, transfer, 5000);
  await station.nextCall();
  const [, id] = await station.nextCall();
  station.send([4, id, "NotSupported", "", {}]);
  await refused;
  expect((await charger.session.dataTransfers(charger.ref, 20))?.map(({ error }) => error)).toEqual([
    "stationError",
    "timeout",
    "offline",
  ]);
});

test("keeps the newest 100 vendor messages", async () => {
  const charger = await provisioned();
  for (let index = 0; index < 105; index++)
    await charger.session.command(charger.ref, { ...transfer, data: String(index) }, 1000);
  const rows = await charger.session.dataTransfers(charger.ref, 100);
  expect(rows?.length).toBe(100);
  expect([rows?.[0]?.data, rows?.at(-1)?.data]).toEqual(["104", "5"]);
  await inObject(charger, (_instance, state) => {
    expect(state.storage.sql.exec("SELECT seq FROM data_transfers").toArray()).toHaveLength(100);
  });
});

test("an object that was never provisioned has no history", async () => {
  const charger = await provisioned();
  const foreign = { ...charger.ref, chargerId: crypto.randomUUID() };
  expect(await charger.session.dataTransfers(foreign, 20)).toBeNull();
  expect(await charger.session.dataTransfers(charger.ref, 20)).toEqual([]);
});
