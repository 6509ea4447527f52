import { evictDurableObject } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import { DatabaseDouble } from "./database-double.ts";
import { type Charger, inObject, provisioned, StationDouble } from "./station-double.ts";

beforeEach(() => {
  new DatabaseDouble();
});

const event = (seqNo: number, eventType: string, transactionId: string, changed: object = {}) => ({
  eventType,
  timestamp: new Date(Date.UTC(2026, 4, 1, 10, 0, seqNo)).toISOString(),
  triggerReason: "MeterValuePeriodic",
  seqNo,
  transactionInfo: { transactionId },
  ...changed,
});

function seqNosOf(charger: Charger): Promise<number[]> {
  return inObject(charger, (_instance, { storage }) =>
    storage.sql
      .exec<{ seq_no: number }>("SELECT seq_no FROM transaction_events ORDER BY seq_no")
      .toArray()
      .map(({ seq_no }) => seq_no),
  );
}

test("a 2.x station that names no EVSE holds sixteen transactions open, and a late end of the others still counts", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger, { protocol: "ocpp2.0.1" });
  for (let index = 0; index < 40; index++)
    expect((await station.call("TransactionEvent", event(0, "Started", `T-${index}`)))[0]).toBe(3);
  const running = async () => (await charger.session.snapshot(charger.ref))?.transactions.length;
  expect(await running()).toBe(16);
  expect((await station.call("TransactionEvent", event(1, "Ended", "T-0")))[0]).toBe(3);
  const ended = await inObject(charger, (_instance, { storage }) =>
    storage.sql.exec("SELECT lost_stop FROM transactions WHERE ocpp_transaction_id = 'T-0'").one(),
  );
  expect(ended).toEqual({ lost_stop: 0 });
});

test("of a transaction without end the newest sequence numbers are kept, and older ones count as taken in", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger, { protocol: "ocpp2.0.1" });
  await station.call("TransactionEvent", event(0, "Started", "T"));
  await inObject(charger, (_instance, { storage }) => {
    const [row] = storage.sql.exec<{ id: number }>("SELECT transaction_id AS id FROM transactions").toArray();
    for (let seqNo = 1; seqNo < 3000; seqNo++)
      if (seqNo !== 1 && seqNo !== 2500)
        storage.sql.exec("INSERT INTO transaction_events VALUES (?, ?)", row?.id ?? 0, seqNo);
  });
  await station.call("TransactionEvent", event(3008, "Updated", "T"));
  const kept = await seqNosOf(charger);
  expect(kept).toHaveLength(1000);
  expect(kept.at(-1)).toBe(3008);
  const meterValue = [{ timestamp: "2026-05-01T10:00:00Z", sampledValue: [{ value: 5 }] }];
  await station.call("TransactionEvent", event(2500, "Updated", "T", { meterValue }));
  expect(await seqNosOf(charger)).toContain(2500);
  await station.call("TransactionEvent", event(1, "Updated", "T", { meterValue }));
  expect(await seqNosOf(charger)).not.toContain(1);
});

test("a token that was refused for its certificate stays refused in the session of charging, over an eviction", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger, { protocol: "ocpp2.0.1" });
  const token = (idToken: string) => ({ idToken: { idToken, type: "eMAID" } });
  const said = async (action: string, payload: object) => (await station.call(action, payload))[2];
  expect(await said("Authorize", token("DE-ABC"))).toEqual({ idTokenInfo: { status: "Accepted" } });
  expect(await said("Authorize", { ...token("DE-ABC"), certificate: "x" })).toEqual({
    idTokenInfo: { status: "Invalid" },
    certificateStatus: "CertChainError",
  });
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
  const refused = { idTokenInfo: { status: "Invalid" } };
  expect(await said("TransactionEvent", event(0, "Started", "PNC", token("de-abc")))).toEqual(refused);
  expect(await said("TransactionEvent", event(1, "Updated", "PNC", token("DE-ABC")))).toEqual(refused);
  expect(await said("Authorize", token("DE-ABC"))).toEqual(refused);
  expect(await said("TransactionEvent", event(0, "Started", "RFID", token("OTHER")))).toEqual({
    idTokenInfo: { status: "Accepted" },
  });
});
