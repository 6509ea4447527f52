import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { durableSessions } from "../../../../src/durable/sessions.ts";
import { eventually, newHost, newStation, sessionObjects, testEnv } from "../host/test-station.ts";
import { DatabaseDouble } from "./database-double.ts";
import { basic, KEY, newCharger, provisionInput, sessionCount, upgrade } from "./station-double.ts";

const sessions = durableSessions(testEnv);

test("an offer that comes from outside provisions nothing and opens nothing", async () => {
  const charger = newCharger();
  const before = await sessionCount();
  const offer = JSON.stringify({ ref: charger.ref, input: provisionInput(charger) });
  const headers = { "x-busbar-offer": offer, "x-busbar-transport": "direct" };
  const authorization = basic(charger.ref.identity, KEY);
  expect((await upgrade(charger, { headers, authorization })).status).toBe(404);
  expect(await charger.session.snapshot(charger.ref)).toBeNull();
  expect((await sessionCount()) - before).toBeLessThanOrEqual(1);
});

test("a station of our own is stored with its boot, and once more with all that follows it", async () => {
  new DatabaseDouble();
  const station = newStation({ connectors: 3 });
  await expect(newHost().start(station, 10_000)).resolves.toEqual({ kind: "accepted" });
  const stub = sessionObjects.getByName(`demo/${station.identity}`);
  const stored = () =>
    runInDurableObject(stub, (_instance, { storage }) =>
      storage.kv.get<{ registration: string; connectors: unknown[]; outbox: unknown[] }>("record"),
    );
  expect(await stored()).toMatchObject({ registration: "Accepted" });
  // 1.6 reports connector 0 too.
  const whole = await eventually(
    stored,
    (record) => record?.connectors.length === 4 && record.outbox.length === 0,
  );
  expect(whole).toMatchObject({ registration: "Accepted" });
});

test("a crash right after the boot costs a station of our own neither its registration nor its statuses", async () => {
  new DatabaseDouble();
  const station = newStation();
  await newHost().start(station, 10_000);
  const stub = sessionObjects.getByName(`demo/${station.identity}`);
  await expect(runInDurableObject(stub, (_instance, state) => state.abort("lost"))).rejects.toThrow("lost");
  const snapshot = await eventually(
    () => sessions.snapshot(station),
    (each) => each?.online === true && each.connectors.length === 3,
  );
  expect(snapshot).toMatchObject({ registrationStatus: "Accepted", vendor: "Vendor" });
  expect(snapshot?.connectors.map(({ status }) => status)).toEqual(["Available", "Available", "Available"]);
});
