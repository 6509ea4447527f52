import { env } from "cloudflare:workers";
import { beforeEach, expect, test, vi } from "vitest";
import { credentialFromText, type CredentialText } from "../../../../src/credential-text.ts";
import { durableSessions } from "../../../../src/durable/sessions.ts";
import { readEnv, type RawEnv } from "../../../../src/env.ts";
import type { SessionRef, Sessions } from "../../../../src/ports.ts";
import { DatabaseDouble } from "./database-double.ts";
import {
  basic,
  type Charger,
  inObject,
  KEY,
  newCharger,
  provisioned,
  provisionInput,
  StationDouble,
  untilOffline,
  upgrade,
} from "./station-double.ts";

let database: DatabaseDouble;
beforeEach(() => {
  database = new DatabaseDouble();
});

const NEW_KEY = "f".repeat(40);
const config = readEnv(env as RawEnv);
const plain = durableSessions(config);

/** The credentials that Postgres was told, oldest first. */
async function told(charger: Charger): Promise<CredentialText[]> {
  await inObject(charger, (instance) => instance.alarm());
  const own = database.credentials.filter(({ charger_id: id }) => id === charger.ref.chargerId);
  return own.map(({ credential }) => credential);
}

/** Sessions whose chargers Postgres knows, with what it was told of their keys. */
function knownToPostgres(charger: Charger, credential: CredentialText | undefined): Sessions {
  const input = provisionInput(charger, { authorizationKey: null });
  const lookUp = async (ref: SessionRef) => {
    if (!credential || ref.identity !== charger.ref.identity) return "unknown" as const;
    await plain.restore(charger.ref, { ...input, credential: credentialFromText(credential) });
    return "restored" as const;
  };
  return durableSessions(config, lookUp);
}

test("a login writes the key digests to Postgres once, and so does a rotation", async () => {
  const charger = await provisioned({ credential: null });
  await StationDouble.booted(charger);
  expect(await told(charger)).toHaveLength(1);
  const again = await StationDouble.connect(charger);
  expect(await told(charger)).toHaveLength(1);
  again.socket.close();
  await untilOffline(charger);
  await charger.session.rotateAuthorizationKey(charger.ref, NEW_KEY);
  const credentials = await told(charger);
  expect(credentials.length).toBeGreaterThan(1);
  expect(JSON.stringify(credentials)).not.toContain(KEY);
});

test("a station whose session object was lost logs in with its old key", async () => {
  const before = await provisioned({ credential: null });
  await StationDouble.booted(before);
  const [credential] = await told(before);
  const { identity, chargerId } = before.ref;
  const lost = newCharger(identity);
  lost.ref = { ...lost.ref, chargerId };
  expect((await upgrade(lost)).status).toBe(404);
  expect(await knownToPostgres(lost, credential).adopt(lost.ref)).toBe(true);
  expect((await upgrade(lost, { authorization: basic(identity, NEW_KEY) })).status).toBe(401);
  const station = await StationDouble.booted(lost);
  expect(station.closed).toBeNull();
});

test("the connections of a session that was lost continue above the last one that Postgres knows", async () => {
  const charger = newCharger();
  const generation = 2_000_000_000;
  await plain.restore(charger.ref, { ...provisionInput(charger), generation });
  await plain.adopt(charger.ref);
  await StationDouble.connect(charger);
  expect(await plain.snapshot(charger.ref)).toMatchObject({ generation: generation + 1 });
});

test("commands and settings find a lost session as well, and unknown ones stay unknown", async () => {
  const before = await provisioned({ credential: null });
  await StationDouble.booted(before);
  const [credential] = await told(before);
  const lost = newCharger(before.ref.identity);
  lost.ref = { ...lost.ref, chargerId: before.ref.chargerId };
  const sessions = knownToPostgres(lost, credential);
  expect((await sessions.command(lost.ref, { kind: "clearCache" }, 1000)).kind).toBe("offline");
  expect(await sessions.snapshot({ ...lost.ref, identity: "CP-nobody" })).toBeNull();
});

test("deleting a charger whose prepared session was restored ends its session too", async () => {
  const charger = await provisioned({ credential: null });
  const station = await StationDouble.booted(charger);
  await plain.restore(charger.ref, provisionInput(charger));
  await plain.retire(charger.ref);
  await vi.waitFor(() => expect(station.closed?.code).toBe(4004), 5000);
  expect(await plain.adopt(charger.ref)).toBe(false);
});

test("a restore does not change a prepared session that was not taken, and an older charger restores nothing", async () => {
  const charger = newCharger();
  await plain.prepare(charger.ref, provisionInput(charger));
  await plain.restore(charger.ref, provisionInput(charger, { authorizationKey: NEW_KEY }));
  const older = provisionInput(charger, { chargerId: crypto.randomUUID(), createdAtMs: 1 });
  await plain.restore(charger.ref, older);
  expect(await plain.adopt(charger.ref)).toBe(true);
  expect((await upgrade(charger)).status).toBe(101);
});

test("a session of a deleted charger deletes its prepared provisioning, so that no lookup restores it", async () => {
  const charger = newCharger();
  await plain.prepare(charger.ref, provisionInput(charger));
  await plain.adopt(charger.ref);
  database.gone.set(charger.ref.chargerId, true);
  const station = await StationDouble.connect(charger);
  await vi.waitFor(() => expect(station.closed?.code).toBe(4004), 5000);
  await vi.waitFor(async () => expect(await plain.adopt(charger.ref)).toBe(false), 5000);
});
