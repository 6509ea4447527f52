import { beforeEach, expect, test } from "vitest";
import { DatabaseDouble } from "./database-double.ts";
import { inObject, provisioned, StationDouble } from "./station-double.ts";

let database: DatabaseDouble;
beforeEach(() => {
  database = new DatabaseDouble();
});

test("connectors beyond the bound are answered, and neither kept nor told", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  for (let connectorId = 1; connectorId <= 260; connectorId++) {
    const answer = await station.call("StatusNotification", {
      connectorId,
      errorCode: "NoError",
      status: "Available",
    });
    expect(answer[0]).toBe(3);
  }
  await inObject(charger, (instance) => instance.alarm());
  const told = database.factsOf(charger.ref.chargerId).filter(({ type }) => type === "connector");
  expect(told.map(({ evse_id }) => evse_id)).toEqual(Array.from({ length: 256 }, (_, index) => index + 1));
  expect((await charger.session.snapshot(charger.ref))?.connectors).toHaveLength(256);
});
