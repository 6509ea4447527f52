import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { durableSessions } from "../../../../src/durable/sessions.ts";
import { ForeignCsms } from "./foreign-csms.ts";
import { eventually, newHost, newStation, testEnv } from "./test-station.ts";

const wsUrl = "wss://csms.example.com/ocpp/";
const foreign = (changes = {}) => newStation({ wsUrl, ...changes });

let csms: ForeignCsms;
beforeEach(() => {
  csms = new ForeignCsms();
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("a station with a foreign target", () => {
  test("connects to the URL with its identity appended, and sends no key", async () => {
    const station = foreign({ identity: "CP+1@x", version: "ocpp2.0.1" });
    await expect(newHost().start(station, 10_000)).resolves.toEqual({ kind: "accepted" });
    expect(csms.dialed.map(({ url }) => url)).toEqual(["https://csms.example.com/ocpp/CP%2B1%40x"]);
    const [{ headers, redirect } = { headers: new Headers(), redirect: "" }] = csms.dialed;
    expect(headers.get("Authorization")).toBeNull();
    expect(headers.get("Sec-WebSocket-Protocol")).toBe("ocpp2.0.1");
    expect(redirect).toBe("manual");
  });

  test("has a session here as well, which is offline", async () => {
    const station = foreign();
    await newHost().start(station, 10_000);
    const snapshot = await durableSessions(testEnv).snapshot(station);
    expect(snapshot).toMatchObject({ chargerId: station.chargerId, online: false });
  });

  test.each([301, 400, 401, 403, 404])(
    "fails for good when the upgrade is answered with %i",
    async (status) => {
      csms.upgrades = [status];
      const outcome = await newHost().start(foreign(), 10_000);
      expect(outcome).toMatchObject({ kind: "failed", error: { code: "CSMS_REJECTED", retryable: false } });
    },
  );

  test("fails for good when the subprotocol is not agreed", async () => {
    csms.upgrades = ["noSubprotocol"];
    await expect(newHost().start(foreign(), 10_000)).resolves.toMatchObject({
      kind: "failed",
      error: { code: "CSMS_REJECTED" },
    });
  });

  test("fails for good when the socket is closed with a policy code before the boot", async () => {
    csms.bootStatus = null;
    await expect(newHost().start(foreign(), 10_000)).resolves.toMatchObject({
      kind: "failed",
      error: { code: "CSMS_REJECTED" },
    });
  });

  test.each(["unreachable", 500, 503, 429] as const)("tries again after %s", async (how) => {
    csms.upgrades = [how];
    await expect(newHost().start(foreign(), 10_000)).resolves.toEqual({ kind: "accepted" });
    expect(csms.dialed).toHaveLength(2);
  });

  test("keeps its failure and deletes its key", async () => {
    csms.upgrades = [403];
    const host = newHost();
    const station = foreign();
    const first = await host.start(station, 10_000);
    await expect(host.start(station, 0)).resolves.toEqual(first);
    const rows = await runInDurableObject(host, (_instance, state) =>
      state.storage.sql.exec("SELECT sealed_key, is_desired FROM stations").toArray(),
    );
    expect(rows).toEqual([{ sealed_key: null, is_desired: 0 }]);
    expect(csms.dialed).toHaveLength(1);
  });

  test("waits no longer than the given time for a central system that does not answer", async () => {
    csms.bootStatus = "Pending";
    const host = newHost();
    const station = foreign();
    await expect(host.start(station, 50)).resolves.toEqual({ kind: "waiting" });
    await expect(host.start(station, 50)).resolves.toEqual({ kind: "waiting" });
    expect(csms.dialed).toHaveLength(1);
    await host.remove(station.chargerId);
  });

  test("answers a caller who waits when its station is removed", async () => {
    csms.bootStatus = "Pending";
    const host = newHost();
    const station = foreign();
    const outcome = host.start(station, 15_000);
    await eventually(
      () => csms.frames.length,
      (frames) => frames > 0,
    );
    await host.remove(station.chargerId);
    await expect(outcome).resolves.toEqual({ kind: "waiting" });
  });
});

describe("forbidden targets", () => {
  const targets = [
    "ws://localhost/ocpp",
    "ws://127.0.0.1/",
    "ws://0x7f000001/",
    "ws://[::1]/",
    "ws://[::ffff:7f00:1]/",
    "ws://10.0.0.1/",
    "ws://100.64.0.1/",
    "ws://169.254.169.254/latest",
    "ws://224.0.0.1/",
    "ws://metadata.google.internal./",
  ];
  test.each(targets)("%s is never dialed", async (target) => {
    const outcome = await newHost().start(newStation({ wsUrl: target }), 10_000);
    expect(outcome).toMatchObject({ kind: "failed", error: { code: "WS_URL_FORBIDDEN", retryable: false } });
    expect(csms.dialed).toEqual([]);
  });
});

test("a target that is this deployment's URL of the organisation is connected from object to object, with the key", async () => {
  const own = `${testEnv.PUBLIC_BASE_URL.replace(/^http/, "ws")}/ocpp/demo/`;
  const station = newStation({ wsUrl: own });
  await expect(newHost().start(station, 10_000)).resolves.toEqual({ kind: "accepted" });
  expect(csms.dialed).toEqual([]);
  await expect(durableSessions(testEnv).snapshot(station)).resolves.toMatchObject({ online: true });
});

test("what a station says to a foreign central system is in its own log, in both directions and without keys", async () => {
  const station = newStation({ wsUrl: "wss://csms.example.com/ocpp" });
  await expect(newHost().start(station, 10_000)).resolves.toEqual({ kind: "accepted" });
  const query = { startMs: null, endMs: null, action: "BootNotification", limit: 100, offset: 0 };
  const page = await eventually(
    () => durableSessions(testEnv).frames(station, query),
    (found) => (found?.rows.length ?? 0) >= 2,
  );
  expect(page?.rows.map(({ direction }) => direction).toSorted()).toEqual(["cp_to_csms", "csms_to_cp"]);
});
