import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { durableTagRegistries } from "../../../../src/durable/tag-registries.ts";
import { TagRegistry } from "../../../../src/durable/tag-registry.ts";
import { readEnv, type RawEnv } from "../../../../src/env.ts";
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

/** A station of an organisation of its own, whose registry has read what webhooks want. */
async function subscribed(wanted: string[] | null) {
  const organizationId = crypto.randomUUID();
  database.wantedVendors = wanted;
  const registries = durableTagRegistries(readEnv(env as RawEnv));
  await registries.reloadVendors(organizationId);
  const charger = await provisioned({ organizationId });
  const station = await StationDouble.booted(charger);
  const answerTo = async (vendorId: string) => (await station.call("DataTransfer", { vendorId }))[2];
  return { organizationId, registries, answerTo };
}

/** Sessions and registries see the time as it is some seconds later. */
function later(seconds: number): void {
  const startMs = Date.now();
  const clock = vi.spyOn(Date, "now").mockImplementation(() => startMs + seconds * 1000);
  onTestFinished(() => clock.mockRestore());
}

test("a vendor message is accepted when a webhook wants those of its vendor, without a question to the database", async () => {
  const { answerTo, organizationId } = await subscribed(["Acme", "Other"]);
  expect(await answerTo("Acme")).toEqual({ status: "Accepted" });
  expect(await answerTo("Unheard")).toEqual({ status: "UnknownVendorId" });
  expect(database.vendorReads).toEqual([organizationId]);
  const any = await subscribed(null);
  expect(await any.answerTo("Unheard")).toEqual({ status: "Accepted" });
});

test("a subscription that is made or ended holds within a minute, and the registry is asked once a minute", async () => {
  const { answerTo, organizationId, registries } = await subscribed([]);
  const asked = vi.spyOn(TagRegistry.prototype, "wantedVendors");
  onTestFinished(() => asked.mockRestore());
  for (let n = 0; n < 3; n++) expect(await answerTo("Acme")).toEqual({ status: "UnknownVendorId" });
  expect(asked).toHaveBeenCalledTimes(1);
  database.wantedVendors = ["Acme"];
  await registries.reloadVendors(organizationId);
  later(60);
  expect(await answerTo("Acme")).toEqual({ status: "Accepted" });
});

test("a registry that was not told of a change finds it by itself, and nobody waits for that", async () => {
  const { answerTo } = await subscribed([]);
  database.wantedVendors = null;
  later(61);
  expect(await answerTo("Acme")).toEqual({ status: "UnknownVendorId" });
  await vi.waitFor(() => expect(database.vendorReads).toHaveLength(2));
  later(61);
  expect(await answerTo("Acme")).toEqual({ status: "Accepted" });
});

test("while the registry cannot be asked the last answer holds, and while Postgres cannot be read what the registry knows", async () => {
  const { answerTo, organizationId } = await subscribed(["Acme"]);
  expect(await answerTo("Acme")).toEqual({ status: "Accepted" });
  database.hidesVendors = true;
  later(61);
  expect(await answerTo("Acme")).toEqual({ status: "Accepted" });
  const original = TagRegistry.prototype.wantedVendors;
  const asked = vi.spyOn(TagRegistry.prototype, "wantedVendors").mockImplementation(function (
    this: TagRegistry,
    of,
  ) {
    if (of === organizationId) throw new Error("the registry is away");
    return original.call(this, of);
  });
  onTestFinished(() => asked.mockRestore());
  later(61);
  expect(await answerTo("Acme")).toEqual({ status: "Accepted" });
  const asking = asked.mock.calls.length;
  expect(asking).toBeGreaterThan(0);
  expect(await answerTo("Acme")).toEqual({ status: "Accepted" });
  expect(asked.mock.calls.length).toBe(asking);
});

test("an organisation that nothing is known of is answered UnknownVendorId at first, without a wait for a database that hangs", async () => {
  const charger = await provisioned({ organizationId: crypto.randomUUID() });
  const station = await StationDouble.booted(charger);
  database.wantedVendors = null;
  database.latencyMs = 3000;
  const startMs = performance.now();
  expect((await station.call("DataTransfer", { vendorId: "Acme" }))[2]).toEqual({
    status: "UnknownVendorId",
  });
  expect(performance.now() - startMs).toBeLessThan(2000);
  await vi.waitFor(async () => {
    expect((await station.call("DataTransfer", { vendorId: "Acme" }))[2]).toEqual({ status: "Accepted" });
  }, 10_000);
});
