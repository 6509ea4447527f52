import { afterAll, beforeAll, expect, test } from "vitest";
import { IdempotencyInFlight, IdempotencyMismatch } from "../../../src/errors.ts";
import { openDatabase, type Database } from "../../harness/database.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase();
});
afterAll(() => db.close());

const claim = { method: "POST", path: "/ocpp/commands/plug", key: "k", bodyHash: "h" };
const RESPONSE = { status: 202, body: '{"targeted_count":1}', headers: {} };
const later = (seconds: number) => new Date(Date.now() + seconds * 1_000);

test("of requests with one key the first acts, the others get its answer once it has one", async () => {
  const { organization } = await db.tenant();
  const { idempotency } = db.stores;
  const outcomes = await Promise.allSettled(
    Array.from({ length: 10 }, () => idempotency.claim(organization.id, claim, new Date())),
  );
  const first = outcomes.filter((each) => each.status === "fulfilled");
  expect(first).toEqual([{ status: "fulfilled", value: null }]);
  for (const each of outcomes)
    if (each.status === "rejected") expect(each.reason).toBeInstanceOf(IdempotencyInFlight);
  await idempotency.record(organization.id, claim, RESPONSE);
  expect(await idempotency.claim(organization.id, claim, new Date())).toEqual(RESPONSE);
  const other = idempotency.claim(organization.id, { ...claim, bodyHash: "other" }, new Date());
  await expect(other).rejects.toBeInstanceOf(IdempotencyMismatch);
});

test("a released key is free, and so is one whose request has died, after a minute", async () => {
  const { organization } = await db.tenant();
  const { idempotency } = db.stores;
  expect(await idempotency.claim(organization.id, claim, new Date())).toBeNull();
  await idempotency.release(organization.id, claim);
  expect(await idempotency.claim(organization.id, claim, new Date())).toBeNull();
  await expect(idempotency.claim(organization.id, claim, later(59))).rejects.toBeInstanceOf(
    IdempotencyInFlight,
  );
  expect(await idempotency.claim(organization.id, claim, later(61))).toBeNull();
});

test("a release does not take an answer away", async () => {
  const { organization } = await db.tenant();
  const { idempotency } = db.stores;
  await idempotency.claim(organization.id, claim, new Date());
  await idempotency.record(organization.id, claim, RESPONSE);
  await idempotency.release(organization.id, claim);
  expect(await idempotency.claim(organization.id, claim, new Date())).toEqual(RESPONSE);
});
