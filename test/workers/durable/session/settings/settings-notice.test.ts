import { expect, test } from "vitest";
import { SettingsNotice } from "../../../../../src/durable/session/settings/settings-notice.ts";
import { newRecord, type SessionRecord } from "../../../../../src/durable/session/storage/session-record.ts";
import type { SessionStore } from "../../../../../src/durable/session/storage/session-store.ts";

const OLD = { version: "ocpp1.6", firmwareVersion: "1.0" } as const;

function session() {
  const stored = new Map<string, unknown>();
  const kv = {
    get: (key: string) => stored.get(key),
    put: (key: string, value: unknown) => void stored.set(key, structuredClone(value)),
  };
  const runs: string[] = [];
  const ctx = { storage: { kv }, waitUntil: () => {} } as unknown as DurableObjectState;
  const store = { save: () => {} } as unknown as SessionStore;
  const channel = { run: async () => ({ kind: "offline" }) as const };
  const notice = new SettingsNotice(
    ctx,
    store,
    channel,
    async ({ chargerId, revision, generation, attempt }) => {
      runs.push(`${chargerId}-${revision}-g${generation}-r${attempt}`);
    },
  );
  const input = {
    chargerId: "c",
    organizationId: "o",
    createdAtMs: 1,
    securityProfile: 1,
    registrationStatus: "Accepted",
    authorizationKey: null,
  } as const;
  const record = newRecord({ organizationSlug: "o", identity: "i" }, input, null);
  const boot = (firmwareVersion: string | null) => {
    record.registration = "Accepted";
    record.bootFacts = { firmwareVersion } as SessionRecord["bootFacts"];
    notice.booted(record);
  };
  const connect = (version: SessionRecord["version"] = "ocpp1.6") => {
    record.generation += 1;
    record.version = version;
    record.connected = { version: version ?? "ocpp1.6", connectedAtMs: 0 };
    notice.connected(record);
  };
  return { notice, record, runs, boot, connect };
}

test("a connection and a boot start one run for pending settings", () => {
  const { notice, record, runs, connect, boot } = session();
  notice.note(record, { revision: 3, settledFor: null, lease: null });
  connect();
  expect(runs).toEqual([]);
  boot("1.0");
  connect();
  boot("1.0");
  expect(runs).toEqual(["c-3-g1-r0", "c-3-g2-r0", "c-3-g2-r0"]);
});

test("a settled charger that reconnects with the same firmware and version starts no run", () => {
  const { notice, record, runs, connect, boot } = session();
  connect();
  boot("1.0");
  notice.note(record, { revision: 3, settledFor: OLD, lease: null });
  for (let count = 0; count < 3; count += 1) {
    connect();
    boot("1.0");
  }
  expect(runs).toEqual([]);
});

test("a settled charger starts a run after a change of firmware or OCPP version", () => {
  const { notice, record, runs, connect, boot } = session();
  connect();
  boot("1.0");
  notice.note(record, { revision: 3, settledFor: OLD, lease: null });
  connect();
  boot("2.0");
  expect(runs).toEqual(["c-3-g2-r1"]);
  notice.note(record, {
    revision: 3,
    settledFor: { version: "ocpp1.6", firmwareVersion: "2.0" },
    lease: null,
  });
  connect("ocpp2.0.1");
  boot("2.0");
  expect(runs.slice(1)).toEqual(["c-3-g3-r0", "c-3-g3-r1"]);
});

test("a run that applied settings to a firmware or version that changed meanwhile is followed by another", () => {
  const { notice, record, runs, connect, boot } = session();
  notice.note(record, { revision: 3, settledFor: null, lease: null });
  boot("1.0");
  connect();
  boot("2.0");
  runs.length = 0;
  notice.note(record, { revision: 3, settledFor: OLD, lease: null });
  expect(runs).toEqual(["c-3-g1-r1"]);
});

test("a note of an older run changes nothing, and a note for a session that does not exist is refused", () => {
  const { notice, record, runs, connect, boot } = session();
  boot("1.0");
  expect(notice.note(record, { revision: 4, settledFor: null, lease: null })).toBe(true);
  expect(notice.note(record, { revision: 3, settledFor: OLD, lease: null })).toBe(true);
  connect();
  expect(runs).toEqual(["c-4-g1-r0"]);
  expect(notice.note(null, { revision: 5, settledFor: null, lease: null })).toBe(false);
  record.chargerId = "successor";
  connect();
  expect(runs).toHaveLength(1);
});
