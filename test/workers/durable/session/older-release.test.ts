import { evictDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { DatabaseDouble } from "./database-double.ts";
import { inObject, provisioned, StationDouble } from "./station-double.ts";

test("a socket that was opened under a release without transactions starts one after the next release", async () => {
  new DatabaseDouble();
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  await inObject(charger, async (instance, { storage }) => {
    await instance.alarm();
    const {
      transactionIds: _,
      acceptsUnknownTags: __,
      ...record
    } = storage.kv.get<Record<string, unknown>>("record") ?? {};
    storage.kv.put("record", record);
  });
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
  const start = { connectorId: 1, idTag: "A", meterStart: 0, timestamp: "2026-05-01T10:00:00Z" };
  expect((await station.call("StartTransaction", start))[2]).toMatchObject({ transactionId: 1 });
});
