import { beforeEach, expect, test } from "vitest";
import { DatabaseDouble, type FlushedFact } from "./database-double.ts";
import { type Charger, inObject, provisioned, StationDouble } from "./station-double.ts";

let database: DatabaseDouble;
beforeEach(() => {
  database = new DatabaseDouble();
});

async function flushed(charger: Charger, type: string) {
  await inObject(charger, (instance) => instance.alarm());
  return database.factsOf(charger.ref.chargerId).filter((fact) => fact.type === type);
}

test("security events and the progress of firmware and diagnostics jobs become facts", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const at = "2026-05-01T10:00:00Z";
  await station.call("SecurityEventNotification", { type: "TamperDetectionActivated", timestamp: at });
  await station.call("FirmwareStatusNotification", { status: "Downloading" });
  await station.call("DiagnosticsStatusNotification", { status: "Uploaded" });
  await inObject(charger, (instance) => instance.alarm());
  const facts = database.factsOf(charger.ref.chargerId);
  expect(facts).toContainEqual(
    expect.objectContaining({ source: "station", name: "TamperDetectionActivated", tech_info: null }),
  );
  expect(facts).toContainEqual(expect.objectContaining({ job: "firmware", status: "Downloading" }));
  expect(facts).toContainEqual(expect.objectContaining({ job: "diagnostics", status: "Uploaded" }));
});

test("text that Postgres refuses is made storable in the fact", async () => {
  const charger = await provisioned();
  const station = await StationDouble.connect(charger);
  await station.call("BootNotification", {
    chargePointVendor: `V\u0000\u001b[31m\r\n\${jndi:x}\ud800${"x".repeat(200_000)}`,
    chargePointModel: "M",
  });
  const [boot] = await flushed(charger, "boot");
  const vendor = String(boot?.vendor);
  expect(vendor.length).toBeLessThanOrEqual(65_536);
  expect(vendor.isWellFormed() && !vendor.includes("\0")).toBe(true);
  expect(vendor.startsWith("V\u001b[31m\r\n${jndi:x}")).toBe(true);
});

test("a backlog larger than a statement may be arrives in several, complete and in order", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  database.isDown = true;
  const signed = { format: "SignedData", value: "x".repeat(60_000) };
  const sampledValue = Array.from({ length: 10 }, () => signed);
  for (let minute = 0; minute < 4; minute++) {
    const timestamp = new Date(Date.UTC(2026, 4, 1, 10, minute)).toISOString();
    const meterValue = [{ timestamp, sampledValue: [...sampledValue, { value: String(minute) }] }];
    expect((await station.call("MeterValues", { connectorId: 1, meterValue }))[0]).toBe(3);
  }
  await inObject(charger, (instance) => instance.alarm());
  database.isDown = false;
  await inObject(charger, (instance) => instance.alarm());
  // A statement may carry facts of other sessions as well.
  const isValues = ({ reason, charger_id }: FlushedFact) =>
    reason === "MeterValues" && charger_id === charger.ref.chargerId;
  const batches = database.flushes.filter((facts) => facts.some(isValues));
  expect(batches.map((facts) => facts.filter(isValues).length)).toEqual([1, 1, 1, 1]);
  expect(
    batches
      .flat()
      .filter(isValues)
      .map(({ energy_wh }) => energy_wh),
  ).toEqual([0, 1, 2, 3]);
});
