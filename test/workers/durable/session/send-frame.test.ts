import { expect, test } from "vitest";
import { DatabaseDouble } from "./database-double.ts";
import { provisioned, StationDouble } from "./station-double.ts";

test("the first transaction of a 2.1 station is taken in, though it comes as a message that is never answered", async () => {
  new DatabaseDouble();
  const charger = await provisioned();
  const station = await StationDouble.booted(charger, { protocol: "ocpp2.1" });
  const started = {
    eventType: "Started",
    timestamp: "2026-05-01T10:00:00Z",
    triggerReason: "CablePluggedIn",
    seqNo: 0,
    transactionInfo: { transactionId: "T-1" },
    evse: { id: 1, connectorId: 1 },
  };
  station.send([6, "sent", "TransactionEvent", started]);
  expect((await station.call("Heartbeat", {}))[0]).toBe(3);
  const { transactions } = (await charger.session.snapshot(charger.ref)) ?? {};
  expect(transactions).toEqual([{ transactionId: expect.any(Number), evseId: 1 }]);
});
