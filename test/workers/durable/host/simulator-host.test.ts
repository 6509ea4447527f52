import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, test, vi } from "vitest";
import { ChargePointSession } from "../../../../src/durable/session/charge-point-session.ts";
import { durableSessions } from "../../../../src/durable/sessions.ts";
import type { SessionRecord } from "../../../../src/durable/session/storage/session-record.ts";
import type { HostedStatus } from "../../../../src/durable/host/simulator-host.ts";
import type { SimulatedStation } from "../../../../src/ports.ts";
import { sessionName } from "../../../../src/session-address.ts";
import { eventually, hosts, newHost, newStation, sessionObjects, testEnv } from "./test-station.ts";

const sessions = durableSessions(testEnv);
const running = { isRunning: true, restartToken: null };
const stopped = { isRunning: false, restartToken: null };

type Host = ReturnType<typeof newHost>;

function rowsOf(host: Host) {
  return runInDurableObject(host, (_instance, state) =>
    state.storage.sql.exec("SELECT * FROM stations").toArray(),
  );
}

/** BootNotifications the session has received. */
async function bootsOf(station: SimulatedStation): Promise<number> {
  const query = { startMs: null, endMs: null, action: "BootNotification", limit: 100, offset: 0 };
  const page = await sessions.frames(station, query);
  return page?.rows.filter((row) => row.direction === "cp_to_csms").length ?? 0;
}

/** What a crash or an eviction does: memory, timers, sockets and stubs are gone, storage stays. */
async function lose(host: Host): Promise<Host> {
  await expect(runInDurableObject(host, (_instance, state) => state.abort("lost"))).rejects.toThrow("lost");
  return hosts.get(host.id);
}

async function statusOf(host: Host, station: SimulatedStation): Promise<HostedStatus | null> {
  return await host.status(station.chargerId);
}

const online = (station: SimulatedStation) =>
  eventually(
    () => sessions.snapshot(station),
    (snapshot) => snapshot?.online === true,
  );

describe.each(["ocpp1.6", "ocpp2.0.1", "ocpp2.1"] as const)(
  "a simulated %s station on our own socket",
  (version) => {
    test("is accepted and reports its connectors", async () => {
      const station = newStation({ version });
      await expect(newHost().start(station, 10_000)).resolves.toEqual({ kind: "accepted" });
      const snapshot = await eventually(
        () => sessions.snapshot(station),
        (each) =>
          (each?.connectors.filter((connector) => connector.evseId > 0 || connector.connectorId > 0).length ??
            0) >= 2,
      );
      expect(snapshot).toMatchObject({ online: true, version, vendor: "Vendor", model: "Model" });
    });

    test("reboots after a reset", async () => {
      const station = newStation({ version });
      await newHost().start(station, 10_000);
      const before = await sessions.snapshot(station);
      const outcome = await sessions.command(station, { kind: "reset", type: "Soft" }, 5_000);
      expect(outcome).toMatchObject({ kind: "answered" });
      const after = await eventually(
        () => sessions.snapshot(station),
        (each) => each?.online === true && each.generation > (before?.generation ?? 0),
      );
      await eventually(
        () => bootsOf(station),
        (boots) => boots === 2,
      );
      expect((await sessions.snapshot(station))?.generation).toBe(after?.generation);
    });
  },
);

describe("a simulator host", () => {
  test("starts a station once, however often it is asked", async () => {
    const host = newHost();
    const station = newStation();
    const outcomes = await Promise.all([1, 2, 3].map(() => host.start(station, 10_000)));
    expect(outcomes).toEqual([1, 2, 3].map(() => ({ kind: "accepted" })));
    const [first] = await rowsOf(host);
    const before = await sessions.snapshot(station);
    await expect(host.start(station, 0)).resolves.toEqual({ kind: "accepted" });
    const rows = await rowsOf(host);
    expect(rows.map((row) => row["sealed_key"])).toEqual([first?.["sealed_key"]]);
    expect((await sessions.snapshot(station))?.generation).toBe(before?.generation);
    await expect(bootsOf(station)).resolves.toBe(1);
  });

  test("keeps the key sealed: the clear text is nowhere in its storage", async () => {
    const host = newHost();
    const station = newStation();
    await host.start(station, 10_000);
    const key = "00112233445566778899aabbccddeeff00112233";
    await expect(sessions.rotateAuthorizationKey(station, key)).resolves.toBe("accepted");
    const stored = JSON.stringify(await rowsOf(host));
    expect(stored).toContain("v1.");
    expect(stored).not.toContain(key);
    expect(stored).not.toContain(btoa(key));
  });

  test("logs in with the rotated key after an eviction", async () => {
    let host = newHost();
    const station = newStation();
    await host.start(station, 10_000);
    await sessions.rotateAuthorizationKey(station, "00112233445566778899aabbccddeeff00112233");
    const before = await sessions.snapshot(station);
    host = await lose(host);
    await runDurableObjectAlarm(host);
    await eventually(
      () => sessions.snapshot(station),
      (each) => each?.online === true && each.generation > (before?.generation ?? 0),
    );
  });

  test("comes back by its alarm after an eviction, without another boot", async () => {
    let host = newHost();
    const station = newStation();
    await host.start(station, 10_000);
    await eventually(
      () => rowsOf(host),
      (rows) => String(rows[0]?.["memory"]).includes('"booted":true'),
    );
    const before = await sessions.snapshot(station);
    host = await lose(host);
    await expect(runDurableObjectAlarm(host)).resolves.toBe(true);
    await eventually(
      () => statusOf(host, station),
      (status) => status?.isOnline === true && status.isAccepted,
    );
    expect((await online(station))?.generation).toBeGreaterThan(before?.generation ?? Number.NaN);
    await expect(bootsOf(station)).resolves.toBe(1);
  });

  test("has an alarm while a station is switched on, and none otherwise", async () => {
    const host = newHost();
    const station = newStation();
    await host.start(station, 10_000);
    await expect(runDurableObjectAlarm(host)).resolves.toBe(true);
    await expect(runDurableObjectAlarm(host)).resolves.toBe(true);
    await host.remove(station.chargerId);
    await runDurableObjectAlarm(host);
    await expect(runDurableObjectAlarm(host)).resolves.toBe(false);
  });

  test("dials again with back-off when the session drops the line", async () => {
    const host = newHost();
    const station = newStation();
    await host.start(station, 10_000);
    const before = await sessions.snapshot(station);
    const session = sessionObjects.getByName(`demo/${station.identity}`);
    await runInDurableObject(session, (_instance, state) => {
      for (const socket of state.getWebSockets()) socket.close(1001, "going away");
    });
    await eventually(
      () => sessions.snapshot(station),
      (each) => each?.online === true && each.generation > (before?.generation ?? Number.NaN),
    );
    await expect(bootsOf(station)).resolves.toBe(1);
  });

  test("a stopped station stays stopped over an eviction, until it is started", async () => {
    let host = newHost();
    const station = newStation();
    await host.start(station, 10_000);
    await host.reconcile(station, stopped);
    await eventually(
      () => sessions.snapshot(station),
      (each) => each?.online === false,
    );
    host = await lose(host);
    await runDurableObjectAlarm(host);
    await expect(statusOf(host, station)).resolves.toMatchObject({
      isDesired: false,
      isOnline: false,
    });
    await host.reconcile(station, running);
    await online(station);
    await eventually(
      () => bootsOf(station),
      (boots) => boots === 2,
    );
  });

  test("a stopped station is off line although the event of its socket was lost, and a newer line of it stays", async () => {
    const host = newHost();
    const station = newStation();
    await host.start(station, 10_000);
    const session = sessionObjects.getByName(sessionName(station));
    const isConnected = () =>
      runInDurableObject(
        session,
        (_instance, state) => state.storage.kv.get<SessionRecord>("record")?.connected !== null,
      );
    await eventually(isConnected, (is) => is);
    await runInDurableObject(session, (instance) => {
      instance.webSocketClose = () => {};
    });
    await host.reconcile(station, stopped);
    await expect(isConnected()).resolves.toBe(false);
    const stoppedAtMs = Date.now();
    await host.reconcile(station, running);
    await online(station);
    await expect(sessions.hangUp(station, stoppedAtMs)).resolves.toBe(true);
    await expect(sessions.snapshot(station)).resolves.toMatchObject({ online: true });
  });

  test("a stopped station is off line although its session was lost before it was stored", async () => {
    const host = newHost();
    const station = newStation();
    await host.start(station, 10_000);
    await online(station);
    const before = await sessions.snapshot(station);
    const session = sessionObjects.getByName(sessionName(station));
    await runInDurableObject(session, async (_instance, state) => {
      await state.storage.deleteAll();
      state.abort("lost");
    }).catch(() => null);
    await host.reconcile(station, stopped);
    const told = await runInDurableObject(
      sessionObjects.getByName(sessionName(station)),
      (_instance, state) => state.storage.kv.get<SessionRecord>("record")?.outbox.at(-1),
    );
    expect(JSON.parse(told?.json ?? "null")).toMatchObject({ type: "connection", online: false });
    expect(told?.generation).toBeGreaterThanOrEqual(before?.generation ?? Number.NaN);
  });

  test("restarts once for a restart token", async () => {
    const host = newHost();
    const station = newStation();
    await host.start(station, 10_000);
    await host.reconcile(station, { isRunning: true, restartToken: "a" });
    await host.reconcile(station, { isRunning: true, restartToken: "a" });
    await host.reconcile(station, running);
    await eventually(
      () => bootsOf(station),
      (boots) => boots === 2,
    );
    await eventually(
      () => statusOf(host, station),
      (status) => status?.isAccepted === true,
    );
    const restarted = await online(station);
    await host.reconcile(station, { isRunning: true, restartToken: "a" });
    expect((await sessions.snapshot(station))?.generation).toBe(restarted?.generation);
    await expect(bootsOf(station)).resolves.toBe(2);
  });

  test("comes back with another version after a change of its record", async () => {
    const host = newHost();
    const station = newStation();
    await host.start(station, 10_000);
    await host.reconcile({ ...station, version: "ocpp2.0.1" }, running);
    await eventually(
      () => sessions.snapshot(station),
      (each) => each?.online === true && each.version === "ocpp2.0.1",
    );
  });

  test("takes over a station it has lost with a new key", async () => {
    const station = newStation();
    const lost = newHost();
    await lost.start(station, 10_000);
    const before = await sessions.snapshot(station);
    await lost.remove(station.chargerId);
    const host = newHost();
    await host.reconcile(station, running);
    await eventually(
      () => sessions.snapshot(station),
      (each) => each?.online === true && each.generation > (before?.generation ?? Number.NaN),
    );
  });

  test("takes over a station when it is asked again after its session could not be reached", async () => {
    const station = newStation();
    const host = newHost();
    const provision = vi.spyOn(ChargePointSession.prototype, "provision");
    provision.mockRejectedValueOnce(new Error("the session is away"));
    await expect(runInDurableObject(host, (each) => each.reconcile(station, running))).rejects.toThrow();
    await expect(rowsOf(host)).resolves.toEqual([]);
    await host.reconcile(station, running);
    provision.mockRestore();
    await online(station);
    await expect(rowsOf(host)).resolves.toMatchObject([{ is_desired: 1, is_ready: 1 }]);
    await expect(runDurableObjectAlarm(host)).resolves.toBe(true);
  });

  test("does not take over a station that should not run", async () => {
    const host = newHost();
    await host.reconcile(newStation(), stopped);
    await expect(rowsOf(host)).resolves.toEqual([]);
  });

  test("deletes a removed station and its key", async () => {
    const host = newHost();
    const station = newStation();
    await host.start(station, 10_000);
    await host.remove(station.chargerId);
    await host.remove(station.chargerId);
    await expect(rowsOf(host)).resolves.toEqual([]);
    await expect(statusOf(host, station)).resolves.toBeNull();
  });

  test("replaces a station by a newer one of the same identity, never by an older one", async () => {
    const host = newHost();
    const old = newStation({ createdAtMs: 1_000 });
    const young = { ...old, chargerId: crypto.randomUUID(), createdAtMs: 2_000 };
    await host.start(old, 10_000);
    await expect(host.start(young, 10_000)).resolves.toEqual({ kind: "accepted" });
    await expect(statusOf(host, old)).resolves.toBeNull();
    await expect(host.start(old, 0)).resolves.toMatchObject({ kind: "failed" });
    await expect(statusOf(host, young)).resolves.toMatchObject({ isOnline: true });
  });

  test("accepts at most 64 stations", async () => {
    let host = newHost();
    const offline = () => newStation({ wsUrl: "wss://csms.example.com/ocpp" });
    await runInDurableObject(host, (_instance, state) => {
      for (let index = 0; index < 64; index++) {
        const { chargerId, ...rest } = offline();
        state.storage.sql.exec(
          "INSERT INTO stations VALUES (?, ?, NULL, 0, 1, NULL, NULL, ?)",
          chargerId,
          JSON.stringify({ chargerId, ...rest }),
          JSON.stringify({ configuration: {}, inoperative: [], booted: false, heartbeatSeconds: 300 }),
        );
      }
    });
    host = await lose(host);
    await expect(host.start(newStation(), 0)).resolves.toMatchObject({
      kind: "failed",
      error: { code: "CAPACITY", retryable: true },
    });
  });
});
