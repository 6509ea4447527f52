import { beforeEach, expect, test, vi } from "vitest";
import { DatabaseDouble, once } from "./database-double.ts";
import {
  allocatorAt,
  type Charger,
  inObject,
  provisioned,
  revived,
  StationDouble,
  storedFrames,
} from "./station-double.ts";

const ORGANIZATION_ID = crypto.randomUUID();

let database: DatabaseDouble;
beforeEach(() => {
  database = new DatabaseDouble();
});

const available = { connectorId: 1, errorCode: "NoError", status: "Available" };
const started = { connectorId: 1, idTag: "TAG", meterStart: 1000, timestamp: "2026-05-01T10:00:00Z" };
const everyFrame = { startMs: null, endMs: null, action: null, limit: 100, offset: 0 };
const clearCache = { kind: "clearCache" } as const;

/** Ends the object as the platform does when its isolate dies: nothing it had begun is finished. */
async function abort(charger: Charger): Promise<void> {
  const aborted = inObject(charger, (_instance, state) => state.abort("the isolate died"));
  await expect(aborted).rejects.toThrow("the isolate died");
}

/** A station with a connector, a transaction and a command that it has not answered, none of it told to Postgres. */
async function withCommandOutstanding(charger: Charger) {
  await allocatorAt(ORGANIZATION_ID, 1);
  database.isDown = true;
  const station = await StationDouble.booted(charger);
  await station.call("StatusNotification", available);
  await station.call("StartTransaction", started);
  const settled = charger.session.command(charger.ref, clearCache, 30_000).then(
    ({ kind }) => kind,
    () => "unreachable",
  );
  const [, commandId] = await station.nextCall();
  await vi.waitFor(async () => expect(await storedFrames(charger)).toBe(7), 5000);
  return { settled, commandId };
}

test("an object that crashes with a command outstanding keeps all it confirmed, and writes it to Postgres once", async () => {
  const charger = await provisioned({ organizationId: ORGANIZATION_ID });
  const { settled, commandId } = await withCommandOutstanding(charger);
  const before = await charger.session.snapshot(charger.ref);
  await abort(charger);
  expect(await settled).not.toBe("answered");

  const after = await charger.session.snapshot(charger.ref);
  expect(after?.online).toBe(false);
  for (const kept of ["registrationStatus", "vendor", "connectors", "transactions"] as const)
    expect(after?.[kept]).toEqual(before?.[kept]);
  expect(after?.transactions).toHaveLength(1);
  const log = await charger.session.frames(charger.ref, everyFrame);
  const actions = log?.rows.map(({ action }) => action).toReversed();
  const answered = ["BootNotification", "StatusNotification", "StartTransaction"];
  expect(actions).toEqual([...answered.flatMap((action) => [action, action]), "ClearCache"]);

  const again = await StationDouble.connect(charger);
  again.send([3, commandId, { status: "Accepted" }]);
  expect((await again.call("Heartbeat", {}))[0]).toBe(3);
  expect(again.frames.filter(([type]) => type === 2)).toEqual([]);
  database.isDown = false;
  await inObject(revived(charger), (instance) => instance.alarm());
  const told = once(database.factsOf(charger.ref.chargerId));
  expect(told.filter((fact) => "transaction_id" in fact)).toMatchObject([
    { transaction_id: 1, status: "in_progress", meter_start_wh: 1000 },
  ]);
  const generation = told.find(({ type }) => type === "connection")?.generation ?? Number.NaN;
  expect(told.filter(({ type }) => type !== undefined && type !== "seen")).toMatchObject([
    { type: "connection", generation, online: true },
    { type: "boot", vendor: "V1" },
    { type: "connector", connector_id: 1, status: "Available" },
    { type: "connection", generation, online: false },
    { type: "connection", online: true },
  ]);
  expect(told.findLast(({ type }) => type === "connection")?.generation).toBeGreaterThan(generation);
});

test("the next command after the death of an object is answered as usual", async () => {
  const charger = await provisioned({ organizationId: ORGANIZATION_ID });
  await withCommandOutstanding(charger);
  await abort(charger);
  const again = await StationDouble.connect(charger);
  const next = charger.session.command(charger.ref, clearCache, 5000);
  const [, id] = await again.nextCall();
  again.send([3, id, { status: "Accepted" }]);
  expect(await next).toMatchObject({ kind: "answered", answer: { status: "accepted" } });
});
