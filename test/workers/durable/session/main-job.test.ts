import { expect, test } from "vitest";
import { DatabaseDouble } from "./database-double.ts";
import { provisioned, StationDouble } from "./station-double.ts";

test("a provisioned charger logs in, boots, sends a heartbeat and executes a reset", async () => {
  new DatabaseDouble();
  const charger = await provisioned();
  const station = await StationDouble.connect(charger);

  const boot = await station.boot();
  expect(boot).toEqual([3, "s1", { status: "Accepted", currentTime: expect.any(String), interval: 300 }]);
  expect(await station.call("Heartbeat", {})).toEqual([3, "s2", { currentTime: expect.any(String) }]);

  const outcome = charger.session.command(charger.ref, { kind: "reset", type: "Soft" }, 5000);
  const [, id, action, payload] = await station.nextCall();
  expect({ action, payload }).toEqual({ action: "Reset", payload: { type: "Soft" } });
  station.send([3, id, { status: "Accepted" }]);
  expect(await outcome).toEqual({
    kind: "answered",
    version: "ocpp1.6",
    answer: { kind: "status", status: "accepted", ocppStatus: "Accepted", statusInfo: null },
  });
});
