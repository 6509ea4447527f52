import { expect, test } from "vitest";
import { noteConnected } from "../../../../../src/durable/session/line/connected.ts";
import { newRecord, type SessionRecord } from "../../../../../src/durable/session/storage/session-record.ts";

const START_MS = Date.UTC(2026, 5, 1);
const INT32_MAX = 2 ** 31 - 1;

function emptyRecord(): SessionRecord {
  const ref = { organizationSlug: "demo", identity: "CP-1" };
  const about = { chargerId: "c", organizationId: "o", createdAtMs: 0, authorizationKey: null };
  return newRecord(ref, { ...about, securityProfile: 0, registrationStatus: "Accepted" }, null);
}

function connect(record: SessionRecord, nowMs: number): number {
  noteConnected(record, { version: "ocpp1.6", ip: "192.0.2.1", direct: false, nowMs });
  return record.generation;
}

test("the generation grows with every line, also within a second and when the clock is put back", () => {
  const record = emptyRecord();
  const generations = [0, 1, 2, 5000, -3_600_000].map((afterMs) => connect(record, START_MS + afterMs));
  expect(generations).toEqual([...new Set(generations)].toSorted((a, b) => a - b));
});

test("a session that was lost or restored from an older copy continues above the generations it had", () => {
  const lost = emptyRecord();
  const older = emptyRecord();
  connect(older, START_MS);
  const copy = structuredClone(older);
  for (let line = 0; line < 50; line++) connect(lost, START_MS + line * 1000);
  expect(connect(emptyRecord(), START_MS + 60_000)).toBeGreaterThan(lost.generation);
  expect(connect(copy, START_MS + 60_000)).toBeGreaterThan(lost.generation);
});

test("generations fit the integer column for decades", () => {
  expect(connect(emptyRecord(), Date.UTC(2080, 0, 1))).toBeLessThan(INT32_MAX);
});
