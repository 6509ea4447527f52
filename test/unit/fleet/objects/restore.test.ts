import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LostSessions, restore } from "../../../../src/fleet/objects/restore.ts";
import { systemIds } from "../../../../src/fleet/ids.ts";
import type {
  Recoverable,
  RecoveryStore,
  SessionProvision,
  Sessions,
  Simulators,
} from "../../../../src/ports.ts";
import { unusedPort } from "../../api/fake-ports.ts";

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(() => vi.restoreAllMocks());

const credential = {
  salt: new Uint8Array(16),
  current: { text: new Uint8Array(32), bytes: null },
  offered: [],
  next: null,
};

function charger(changed: Partial<Recoverable> = {}, work: Partial<Recoverable["work"]> = {}): Recoverable {
  return {
    credential,
    generation: 7,
    work: {
      chargerId: "c1",
      jobId: null,
      organizationId: "o1",
      organizationSlug: "acme",
      identity: "CP-1",
      createdAt: new Date(0),
      ocppVersion: "OCPP1.6",
      numberOfConnectors: 1,
      maxChargingPower: null,
      vendorName: null,
      model: null,
      wsUrl: null,
      runtime: "external",
      securityProfile: 2,
      registrationStatus: "Accepted",
      simulatorHost: null,
      desiredCount: 1,
      tagPolicy: { acceptsUnknown: true, readAtMs: 1 },
      ...work,
    },
    ...changed,
  };
}

function world(found: Recoverable | null, isSessionLost = true) {
  const calls: string[] = [];
  const inputs: SessionProvision[] = [];
  const sessions: Sessions = {
    ...unusedPort<Sessions>("sessions"),
    restore: async (_ref, input) => void (calls.push("restore"), inputs.push(input)),
    provision: async (_ref, input) => {
      calls.push("provision");
      inputs.push(input);
      return { created: isSessionLost };
    },
  };
  const simulators: Simulators = {
    ...unusedPort<Simulators>("simulators"),
    reconcile: async (host, _station, { running }) => void calls.push(`reconcile ${host} ${running}`),
  };
  let find: RecoveryStore["find"] = async () => found;
  const recovery: RecoveryStore = {
    ...unusedPort<RecoveryStore>("recovery"),
    find: (ref) => {
      calls.push("find");
      return find(ref);
    },
    keysLost: async (ids) => void calls.push(`lost ${ids.join()}`),
  };
  const time = { ms: 1_000_000 };
  const clock = { now: () => new Date(time.ms) };
  const ports = { sessions, simulators, recovery, clock, ids: systemIds };
  const failing = (work: RecoveryStore["find"]) => void (find = work);
  return { ports, calls, inputs, time, failing, lost: new LostSessions(ports) };
}

const ref = { organizationSlug: "acme", identity: "CP-1" };

test("a session comes back with the digests that Postgres has, and no key is lost", async () => {
  const { ports, calls, inputs } = world(null);
  expect(await restore(ports, charger())).toBe(false);
  expect(calls).toEqual(["restore"]);
  expect(inputs[0]).toMatchObject({ chargerId: "c1", authorizationKey: null, credential, generation: 7 });
});

test.each([
  ["is made anew and reported", true],
  ["that is there stays as it is", false],
])("without digests a session that a station used %s", async (_, isLost) => {
  const { ports, calls, inputs } = world(null, isLost);
  expect(await restore(ports, charger({ credential: null }))).toBe(isLost);
  expect(calls).toEqual(["provision"]);
  expect(inputs[0]?.authorizationKey).toHaveLength(40);
});

test("a charger that never connected, and one without a key, have a prepared session, and no lost key is reported", async () => {
  const { ports, calls, inputs } = world(null);
  expect(await restore(ports, charger({ credential: null, generation: 0 }))).toBe(false);
  expect(await restore(ports, charger({ credential: null }, { securityProfile: 3 }))).toBe(false);
  expect(calls).toEqual(["restore", "restore"]);
  expect(inputs.map(({ authorizationKey }) => authorizationKey?.length ?? null)).toEqual([40, null]);
});

test("a simulated station is made to match its row", async () => {
  const { ports, calls } = world(null);
  await restore(ports, charger({}, { runtime: "simulated", simulatorHost: "j/0", desiredCount: 0 }));
  expect(calls).toEqual(["reconcile j/0 false"]);
});

test("a request for a lost session restores it at once, and a lost key is recorded", async () => {
  const healed = world(charger());
  expect(await healed.lost.lookUp(ref)).toBe("restored");
  expect(healed.calls).toEqual(["find", "restore"]);
  const keyless = world(charger({ credential: null }));
  expect(await keyless.lost.lookUp(ref)).toBe("restored");
  expect(keyless.calls).toEqual(["find", "provision", "lost c1"]);
});

test("an unknown identity is looked up once a minute, however often it is asked for", async () => {
  const { lost, calls, time } = world(null);
  for (let tries = 0; tries < 50; tries++) expect(await lost.lookUp(ref)).toBe("unknown");
  expect(calls).toEqual(["find"]);
  time.ms += 61_000;
  await lost.lookUp(ref);
  expect(calls).toEqual(["find", "find"]);
});

test("unknown identities cause at most 100 lookups a second, and stations beyond that are asked to retry", async () => {
  const { lost, calls, time } = world(null);
  const answers: string[] = [];
  for (let n = 0; n < 170; n++) answers.push(await lost.lookUp({ ...ref, identity: `CP-${n}` }));
  expect(calls).toHaveLength(100);
  expect(answers.filter((answer) => answer === "later")).toHaveLength(70);
  time.ms += 1000;
  expect(await lost.lookUp({ ...ref, identity: "CP-169" })).toBe("unknown");
});

test("after a failed lookup there is none for five seconds, and no identity counts as unknown", async () => {
  const { lost, calls, time, failing } = world(charger());
  failing(async () => Promise.reject(new Error("away")));
  expect(await lost.lookUp(ref)).toBe("unknown");
  expect(await lost.lookUp(ref)).toBe("unknown");
  expect(calls).toEqual(["find"]);
  failing(async () => charger());
  time.ms += 5001;
  expect(await lost.lookUp(ref)).toBe("restored");
});
