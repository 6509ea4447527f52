import { expect, test } from "vitest";
import { scene } from "./scene.ts";

const desired = { maxChargeCurrent: 16, offlineChargeCurrent: 10, offlineChargePhase: 1 };
const wrong = { clockOffMs: -61_000 };

test.each(["ocpp1.6", "ocpp2.0.1"] as const)(
  "a %s station with a wrong clock gets no lease: it keeps the maximum, and the offline values are rejected",
  async (version) => {
    const { apply, profiles, records } = scene({ desired, snapshot: { ...wrong, version } });
    expect(await apply()).toBeNull();
    expect(profiles()).toEqual(["+9001"]);
    const refused = { outcome: "rejected", detail: "station clock" };
    expect(records.at(-1)?.results).toMatchObject({
      maxChargeCurrent: { outcome: "applied" },
      offlineChargeCurrent: refused,
      offlineChargePhase: refused,
    });
  },
);

test("a lease is not renewed once the clock of its station turns out wrong", async () => {
  const first = scene({ desired });
  await first.apply();
  const station = { ...first.records.at(-1)?.station, leaseUntilMs: Date.parse("2026-11-21T10:20:00Z") };
  const renewal = scene({ desired, station, states: { outcome: "emulated" }, snapshot: wrong });
  await renewal.apply();
  expect(renewal.profiles()).toEqual(["+9001", "-9003", "-9002"]);
  expect(renewal.records.at(-1)?.station.leaseUntilMs).toBeUndefined();
  expect(renewal.records.at(-1)?.results["offlineChargeCurrent"]).toMatchObject({ detail: "station clock" });
});

test("a 2.1 station that ends the online profile itself gets it with a wrong clock as well", async () => {
  const { apply, profiles, records } = scene({
    desired,
    configuration: { "SmartChargingCtrlr.SupportsFeature[MaxOfflineDuration]": "true" },
    snapshot: { ...wrong, version: "ocpp2.1" },
  });
  await apply();
  expect(profiles()).toEqual(["+9002", "+9003"]);
  expect(records.at(-1)?.results["offlineChargeCurrent"]).toMatchObject({ outcome: "applied" });
});
