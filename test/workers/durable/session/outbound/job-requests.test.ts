import { evictDurableObject } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import { DatabaseDouble } from "../database-double.ts";
import { inObject, provisioned, StationDouble } from "../station-double.ts";

let database: DatabaseDouble;
beforeEach(() => {
  database = new DatabaseDouble();
});

async function bootedCharger() {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger, { protocol: "ocpp2.0.1" });
  const update = async (status: string) => {
    const location = "https://firmware.example.com/new.bin";
    const command = { kind: "updateFirmware", location, retrieveDate: "2026-05-01T10:00:00.000Z" } as const;
    const outcome = charger.session.command(charger.ref, command, 5000);
    const [, id, , payload] = await station.nextCall();
    station.send([3, id, { status }]);
    await outcome;
    return payload.requestId as number;
  };
  const report = (requestId: number, status: string) =>
    station.call("FirmwareStatusNotification", { status, requestId });
  const told = async () => {
    await inObject(charger, (instance) => instance.alarm());
    return database
      .factsOf(charger.ref.chargerId)
      .filter(({ job }) => job === "firmware")
      .map(({ status }) => status);
  };
  return { charger, update, report, told };
}

test("the status of a firmware request that was replaced is answered and adds no fact, also after an eviction", async () => {
  const { charger, update, report, told } = await bootedCharger();
  const first = await update("Accepted");
  await report(first, "Downloading");
  const second = await update("AcceptedCanceled");
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
  expect((await report(first, "DownloadFailed"))[0]).toBe(3);
  await report(second, "Downloaded");
  expect(await told()).toEqual(["Downloading", "Downloaded"]);
});

test("a firmware request that the station refuses leaves the one before in effect", async () => {
  const { update, report, told } = await bootedCharger();
  const first = await update("Accepted");
  await update("Rejected");
  await report(first, "Downloaded");
  expect(await told()).toEqual(["Downloaded"]);
});

test("no two requests to a charger have one id, also across evictions and the end of the numbers", async () => {
  const { charger, update } = await bootedCharger();
  const ids = [await update("Accepted"), await update("Accepted")];
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
  ids.push(await update("Accepted"));
  const [first = 0] = ids;
  expect(ids).toEqual([0, 1, 2].map((count) => (first + count) % 2 ** 31));
  await inObject(charger, (_instance, { storage }) => {
    const record = storage.kv.get<Record<string, unknown>>("record");
    storage.kv.put("record", { ...record, lastRequestId: 2 ** 31 - 1 });
  });
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
  expect(await update("Accepted")).toBe(0);
});
