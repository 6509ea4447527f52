import { beforeEach, expect, test, vi } from "vitest";
import { DatabaseDouble } from "./database-double.ts";
import { inObject, provisioned, StationDouble, type Charger } from "./station-double.ts";

let database: DatabaseDouble;
beforeEach(() => {
  database = new DatabaseDouble();
});

const SESSIONS = 40;

async function fleet(): Promise<Charger[]> {
  const chargers = await Promise.all(Array.from({ length: SESSIONS }, () => provisioned()));
  await Promise.all(chargers.map((charger) => StationDouble.booted(charger)));
  return chargers;
}

const flushed = (chargers: Charger[]) =>
  Promise.all(chargers.map((charger) => inObject(charger, (instance) => instance.alarm())));

const isBooted = ({ ref }: Charger) => database.factsOf(ref.chargerId).some(({ type }) => type === "boot");

test("sessions that flush at the same time share statements", async () => {
  database.latencyMs = 100;
  const chargers = await fleet();
  // A statement of another test's session that fails in the isolate fails those that wait beside it: their alarms repeat them.
  await vi.waitFor(
    async () => {
      await flushed(chargers);
      expect(chargers.filter(isBooted).length).toBe(SESSIONS);
    },
    { timeout: 10_000 },
  );
  const own = new Set(chargers.map(({ ref }) => ref.chargerId));
  const statements = database.flushes.filter((facts) => facts.some(({ charger_id }) => own.has(charger_id)));
  expect(statements.length).toBeLessThan(SESSIONS / 4);
});

test("a fact that the database refuses costs its own session that fact, and the others nothing", async () => {
  const said = vi.spyOn(console, "log").mockImplementation(() => {});
  database.isDown = true;
  const chargers = await fleet();
  // What was told at once has failed by then.
  await flushed(chargers);
  const [poisoned] = chargers;
  database.refused = poisoned?.ref.chargerId ?? "";
  database.isDown = false;
  await flushed(chargers);
  const [, ...others] = chargers;
  expect(others.filter(isBooted)).toHaveLength(SESSIONS - 1);
  const refused = said.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>);
  const dropped = refused.filter(({ event }) => event === "session.factRefused");
  expect(new Set(dropped.map(({ chargerId }) => chargerId))).toEqual(new Set([poisoned?.ref.chargerId]));
});
