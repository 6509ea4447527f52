import { expect, test } from "vitest";
import { renewalPayloads } from "../../../src/settings/lease.ts";
import { validatorsOf } from "../ocpp/validators-of.ts";
import { NOW, scene, word } from "./scene.ts";

const desired = { maxChargeCurrent: 16, maxChargePhases: 1, offlineChargeCurrent: 10 };
const later = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);

test.each(["ocpp1.6", "ocpp2.0.1"] as const)(
  "the session of a %s station gets the lease once all settings are settled, and none before",
  async (version) => {
    const { apply, leases } = scene({ desired, snapshot: { version } });
    await apply();
    expect(leases).toMatchObject([null, { version, renewAtMs: later(10).getTime(), online: { limitA: 16 } }]);
    const [, lease] = leases;
    if (!lease) throw new Error("no lease");
    const running = [{ transactionId: 7, evseId: 2 }];
    const [layer, ...limits] = renewalPayloads(lease, running, later(10));
    expect(JSON.stringify(layer)).toContain('"validTo":"2026-11-21T10:40:00Z"');
    expect(limits.map((limit) => limit["connectorId"])).toEqual(version === "ocpp1.6" ? [2] : []);
    for (const payload of [layer, ...limits])
      expect(validatorsOf(version).request("SetChargingProfile", payload)).toBeNull();
  },
);

test("nothing is renewed without an offline override, nor if the station ends the profile itself", async () => {
  const plain = scene({ desired: { maxChargeCurrent: 16 } });
  await plain.apply();
  const exact = scene({
    desired,
    configuration: { "SmartChargingCtrlr.SupportsFeature[MaxOfflineDuration]": "true" },
    snapshot: { version: "ocpp2.1" },
  });
  await exact.apply();
  expect([plain.leases, exact.leases]).toEqual([
    [null, null],
    [null, null],
  ]);
});

test("a refused renewal ends the lease: it is not tried again before a new value", async () => {
  const first = scene({ desired });
  await first.apply();
  const station = { ...first.records.at(-1)?.station, leaseUntilMs: later(10).getTime() };
  const inForce = { outcome: "emulated" as const };
  const refused = scene({ desired, station, states: inForce, answer: () => word("Rejected") });
  await refused.apply();
  expect(refused.profiles()).toEqual(["+9003"]);
  expect(refused.records.at(-1)?.results["offlineChargeCurrent"]).toMatchObject({ outcome: "rejected" });
  expect(refused.leases.at(-1)).toBeNull();
  const known = refused.records.at(-1)?.station ?? {};
  const swept = scene({ desired, station: known, states: { outcome: "rejected" } });
  await swept.apply();
  expect(swept.commands).toEqual([]);
  const changed = scene({ desired: { ...desired, offlineChargeCurrent: 9 }, station: known });
  await changed.apply();
  expect(changed.profiles()).toEqual(["+9002", "+9003"]);
});
