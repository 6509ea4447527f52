import { evictDurableObject } from "cloudflare:test";
import { beforeEach, expect, test, vi } from "vitest";
import { DatabaseDouble } from "./database-double.ts";
import { inObject, provisioned, StationDouble } from "./station-double.ts";

let database: DatabaseDouble;
beforeEach(() => {
  database = new DatabaseDouble();
});

const transfer = { kind: "dataTransfer", vendorId: "V", messageId: "M", data: "{}" } as const;

test("vendor messages of both directions are listed newest first, also after an eviction, and become facts", async () => {
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

const secretRow = { key: "AuthorizationKey", value: "hunter2" };

test("secrets in vendor messages of both directions are stored nowhere, as JSON and as its text", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger, { protocol: "ocpp2.0.1" });
  const data = JSON.stringify({ deep: [secretRow] });
  const outcome = charger.session.command(charger.ref, { ...transfer, data }, 5000);
  const [, id] = await station.nextCall();
  station.send([3, id, { status: "Accepted", data: { vpn: { password: "hunter2" } } }]);
  expect(await outcome).toMatchObject({ kind: "answered" });
  await station.call("DataTransfer", { vendorId: "W", data: { basicAuthPassword: "hunter2" } });
  await station.call("DataTransfer", { vendorId: "W", data: JSON.stringify([secretRow]) });
  await station.call("DataTransfer", { vendorId: "W", data: "ftp://user:hunter2@example.com" });
  const listed = await charger.session.dataTransfers(charger.ref, 20);
  expect(listed?.map((row) => row.data)).toEqual([
    "ftp://***@example.com",
    '[{"key":"AuthorizationKey","value":"***"}]',
    '{"basicAuthPassword":"***"}',
    '{"deep":[{"key":"AuthorizationKey","value":"***"}]}',
  ]);
  expect(listed?.at(-1)?.responseData).toBe('{"vpn":{"password":"***"}}');
  await inObject(charger, async (instance, { storage }) => {
    const stored = storage.sql.exec("SELECT * FROM data_transfers").toArray();
    expect(JSON.stringify(stored)).not.toContain("hunter2");
    await instance.alarm();
  });
  expect(JSON.stringify(database.factsOf(charger.ref.chargerId))).not.toContain("hunter2");
});

test("what an older release stored with secrets is listed without them", async () => {
  const charger = await provisioned();
  await charger.session.command(charger.ref, transfer, 1000);
  await inObject(charger, (_instance, { storage }) => {
    storage.sql.exec("UPDATE data_transfers SET data = ?", JSON.stringify(secretRow));
  });
  expect((await charger.session.dataTransfers(charger.ref, 1))?.[0]?.data).not.toContain("hunter2");
});

test("vendor messages of any size are answered, kept up to a bound with a mark, and listed", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger, { protocol: "ocpp2.0.1" });
  // Written out, each of these numbers takes four times its place in the frame.
  const numbers = `[${"1e20,".repeat(200_000)}1]`;
  station.socket.send(`[2,"big","DataTransfer",{"vendorId":"${"V".repeat(2000)}","data":${numbers}}]`);
  await vi.waitFor(() => expect(station.frames.at(-1)?.slice(0, 2)).toEqual([3, "big"]));
  const outcome = charger.session.command(charger.ref, transfer, 5000);
  const [, id] = await station.nextCall();
  station.send([3, id, { status: "Accepted", data: "x".repeat(70_000) }]);
  await outcome;
  const [outgoing, incoming] = (await charger.session.dataTransfers(charger.ref, 2)) ?? [];
  for (const text of [incoming?.data, outgoing?.responseData]) {
    expect(text).toHaveLength(65_536);
    expect(text?.endsWith("…[truncated]")).toBe(true);
  }
  expect(incoming?.vendorId).toHaveLength(255);
  await inObject(charger, (instance) => instance.alarm());
  const told = database.factsOf(charger.ref.chargerId).filter(({ direction }) => direction !== undefined);
  expect(told.map((fact) => fact["data"])).toEqual([incoming?.data, outgoing?.data]);
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
