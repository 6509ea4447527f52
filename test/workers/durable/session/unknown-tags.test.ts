import { evictDurableObject } from "cloudflare:test";
import { beforeEach, expect, test, vi } from "vitest";
import type { UnknownTagPolicy } from "../../../../src/ports.ts";
import { DatabaseDouble } from "./database-double.ts";
import { inObject, newCharger, provisioned, provisionInput, StationDouble } from "./station-double.ts";

let database: DatabaseDouble;
beforeEach(() => {
  database = new DatabaseDouble();
});

const accepting: UnknownTagPolicy = { acceptsUnknown: true, readAtMs: 1000 };
const refusing: UnknownTagPolicy = { acceptsUnknown: false, readAtMs: 1000 };
const start = { connectorId: 1, idTag: "NOBODY", meterStart: 0, timestamp: "2026-05-01T10:00:00Z" };

async function judged(station: StationDouble): Promise<unknown> {
  const [, , answer] = await station.call("Authorize", { idTag: "NOBODY" });
  return (answer as { idTagInfo: { status: unknown } }).idTagInfo.status;
}

test("a session judges its first card by the policy that came with its provisioning, with the database away", async () => {
  database.isDown = true;
  for (const [tagPolicy, status] of [
    [accepting, "Accepted"],
    [refusing, "Invalid"],
  ] as const) {
    const charger = await provisioned({ tagPolicy });
    const station = await StationDouble.booted(charger);
    expect(await judged(station)).toBe(status);
    await evictDurableObject(charger.stub, { webSockets: "hibernate" });
    expect(await judged(station)).toBe(status);
  }
});

test("no card waits for the database: a start is answered while the read of the policy hangs", async () => {
  const station = await StationDouble.booted(await provisioned({ tagPolicy: accepting }));
  const hanging = Promise.withResolvers<Response>();
  const answered = vi.mocked(globalThis.fetch).getMockImplementation();
  vi.mocked(globalThis.fetch).mockImplementation((input, init) =>
    String(init?.body).includes("accept_unknown_id_tags")
      ? hanging.promise
      : (answered?.(input, init) ?? hanging.promise),
  );
  const answer = await station.call("StartTransaction", start);
  expect(answer[2]).toMatchObject({ transactionId: 1, idTagInfo: { status: "Accepted" } });
  hanging.resolve(new Response("down", { status: 503 }));
});

test("a record of an older release without the policy accepts unknown tags, and that is logged", async () => {
  database.isDown = true;
  const said = vi.spyOn(console, "log").mockImplementation(() => {});
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  expect(await judged(station)).toBe("Accepted");
  await vi.waitFor(() => {
    const events = said.mock.calls.map(([line]) => (JSON.parse(String(line)) as { event: string }).event);
    expect(events).toEqual(
      expect.arrayContaining(["session.tagPolicyUnknown", "session.tagPolicyUnreadable"]),
    );
  });
});

test("a new policy applies at once and after an eviction, and an older one that arrives late changes nothing", async () => {
  const charger = await provisioned({ tagPolicy: accepting });
  const station = await StationDouble.booted(charger);
  const told = { acceptsUnknown: false, readAtMs: Date.now() + 60_000 };
  expect(await charger.session.setTagPolicy(charger.ref, told)).toBe(true);
  expect(await judged(station)).toBe("Invalid");
  expect(await charger.session.setTagPolicy(charger.ref, accepting)).toBe(true);
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
  expect(await judged(station)).toBe("Invalid");
});

test("a policy for a session that does not exist creates no session", async () => {
  const charger = newCharger();
  expect(await charger.session.setTagPolicy(charger.ref, accepting)).toBe(false);
  expect(await charger.session.snapshot(charger.ref)).toBeNull();
});

test("a prepared session takes the policy that its organisation set meanwhile", async () => {
  const charger = newCharger();
  const { organizationSlug } = charger.ref;
  await charger.session.prepare(charger.ref, provisionInput(charger, { tagPolicy: accepting }));
  const told = { acceptsUnknown: false, readAtMs: Date.now() + 60_000 };
  await charger.session.setPreparedTagPolicy(organizationSlug, told);
  await charger.session.setPreparedTagPolicy(organizationSlug, accepting);
  const station = await StationDouble.booted(charger);
  expect(await judged(station)).toBe("Invalid");
});

test("a policy that was changed in SQL is read in the background, once for all sessions of the organisation", async () => {
  database.acceptsUnknownTags = false;
  const organizationId = crypto.randomUUID();
  const input = { organizationId, tagPolicy: accepting };
  const chargers = await Promise.all(Array.from({ length: 10 }, () => provisioned(input)));
  const stations = await Promise.all(chargers.map((charger) => StationDouble.booted(charger)));
  for (const station of stations) await judged(station);
  await vi.waitFor(async () => {
    for (const station of stations) expect(await judged(station)).toBe("Invalid");
  });
  expect(database.policyReads.filter((id) => id === organizationId)).toHaveLength(1);
});

test("a repeat of the provisioning teaches a record of an older release the policy, and no other", async () => {
  database.isDown = true;
  for (const [known, status] of [
    [undefined, "Invalid"],
    [accepting, "Accepted"],
  ] as const) {
    const charger = await provisioned({ tagPolicy: known ?? null });
    await charger.session.provision(charger.ref, provisionInput(charger, { tagPolicy: refusing }));
    const station = await StationDouble.booted(charger);
    expect(await judged(station)).toBe(status);
    await inObject(charger, (instance) => instance.alarm());
  }
});
