import { beforeEach, describe, expect, test } from "vitest";
import { durableSessions } from "../../../../src/durable/sessions.ts";
import type { PostedCommand } from "../../../../src/ports.ts";
import { testEnv } from "../host/test-station.ts";
import { DatabaseDouble } from "./database-double.ts";
import { provisioned, StationDouble } from "./station-double.ts";

const sessions = durableSessions(testEnv);
const UNLOCK: PostedCommand = { kind: "unlock", connectorId: 1 };
const stopOf = (transactionId: number | string | null, evseId = 1): PostedCommand => ({
  kind: "stopRunning",
  evseId,
  transactionId,
});

beforeEach(() => {
  new DatabaseDouble();
});

describe("a command that is not waited for", () => {
  test("reaches a connected station, and its caller is answered before the station", async () => {
    const charger = await provisioned();
    const station = await StationDouble.booted(charger);
    await expect(sessions.post(charger.ref, UNLOCK, 5_000)).resolves.toBe("queued");
    const [, , action, payload] = await station.nextCall();
    expect([action, payload]).toEqual(["UnlockConnector", { connectorId: 1 }]);
  });

  test("is refused without a connection, and when 32 others wait", async () => {
    const charger = await provisioned();
    await expect(sessions.post(charger.ref, UNLOCK, 5_000)).resolves.toBe("offline");
    await StationDouble.booted(charger);
    const receipts: unknown[] = [];
    for (let index = 0; index < 34; index++) receipts.push(await sessions.post(charger.ref, UNLOCK, 5_000));
    // One is on the wire, 32 wait.
    expect(receipts).toEqual([...Array.from({ length: 33 }, () => "queued"), "busy"]);
  });

  test("stops the transaction of a connector, or the one with its id, and none that does not run", async () => {
    const charger = await provisioned();
    const station = await StationDouble.booted(charger);
    await expect(sessions.post(charger.ref, stopOf(null), 5_000)).resolves.toBe("noTransaction");
    const started = await station.call("StartTransaction", {
      connectorId: 1,
      idTag: "USER123",
      meterStart: 0,
      timestamp: new Date().toISOString(),
    });
    const { transactionId } = started[2] as { transactionId: number };
    await expect(sessions.post(charger.ref, stopOf(null, 2), 5_000)).resolves.toBe("noTransaction");
    await expect(sessions.post(charger.ref, stopOf(transactionId + 1), 5_000)).resolves.toBe("noTransaction");
    for (const stop of [stopOf(null), stopOf(transactionId, 2)]) {
      await expect(sessions.post(charger.ref, stop, 5_000)).resolves.toBe("queued");
      const [, messageId, action, payload] = await station.nextCall();
      expect([action, payload]).toEqual(["RemoteStopTransaction", { transactionId }]);
      station.send([3, messageId, { status: "Rejected" }]);
    }
  });
});
