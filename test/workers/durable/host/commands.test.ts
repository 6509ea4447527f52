import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, test, vi } from "vitest";
import { durableSessions } from "../../../../src/durable/sessions.ts";
import { durableSimulators } from "../../../../src/durable/simulators.ts";
import type { StationCommand, StationEvent } from "../../../../src/ocpp/station-event.ts";
import type { AddressedCommand, EventResult, SimulatedStation } from "../../../../src/ports.ts";
import type { StationMemory } from "../../../../src/simulator/station/state.ts";
import { eventually, hosts, newHost, newStation, testEnv } from "./test-station.ts";

const sessions = durableSessions(testEnv);
const stopped = { isRunning: false, restartToken: null };
const PLUG: StationEvent = { kind: "plug", connectorId: 1 };

const commandOf = (event: StationEvent, forMs = 60_000): StationCommand => ({
  id: crypto.randomUUID().slice(-12),
  event,
  expiresAtMs: Date.now() + forMs,
});
const to = (station: SimulatedStation, event: StationEvent, forMs?: number): AddressedCommand => ({
  chargerId: station.chargerId,
  command: commandOf(event, forMs),
});

/** The platform's types of an instance and of a stub do not end on recursive JSON. */
interface Commanded {
  command(commands: AddressedCommand[]): Promise<unknown>;
  commanded(command: AddressedCommand): Promise<EventResult>;
}
const asked = (host: ReturnType<typeof newHost>, command: AddressedCommand) =>
  (host as unknown as Commanded).commanded(command);

/** What the host has stored of a station. */
function memoryOf(host: ReturnType<typeof newHost>, station: SimulatedStation): Promise<StationMemory> {
  return runInDurableObject(host, (_instance, state) => {
    const [row] = state.storage.sql
      .exec("SELECT memory FROM stations WHERE charger_id = ?", station.chargerId)
      .toArray();
    return JSON.parse(String(row?.["memory"])) as StationMemory;
  });
}

async function lose(host: ReturnType<typeof newHost>) {
  await expect(runInDurableObject(host, (_instance, state) => state.abort("lost"))).rejects.toThrow("lost");
  return hosts.get(host.id);
}

const statusOf = async (station: SimulatedStation, evseId = 1) =>
  (await sessions.snapshot(station))?.connectors.find((each) => each.evseId === evseId)?.status;

/** Keeps a station from having its turn: its central system is asked for a tag and does not answer. */
async function keepBusy(host: ReturnType<typeof newHost>, station: SimulatedStation) {
  const original = WebSocket.prototype.send;
  const send = vi.spyOn(WebSocket.prototype, "send").mockImplementation(function (this: WebSocket, data) {
    // The answer of the session to an Authorize is lost.
    const text = String(data);
    if (text.startsWith("[3,") && /idTagInfo|idTokenInfo/.test(text)) return;
    original.call(this, data);
  });
  await host.command([to(station, { kind: "authorize", idToken: "TAG" })]);
  return () => send.mockRestore();
}

describe.each(["ocpp1.6", "ocpp2.0.1", "ocpp2.1"] as const)(
  "a command to a simulated %s station",
  (version) => {
    test("happens at the station, and its session hears of it", async () => {
      const host = newHost();
      const station = newStation({ version });
      await host.start(station, 10_000);
      expect(await host.command([to(station, PLUG)])).toEqual(["queued"]);
      await eventually(
        () => statusOf(station),
        (status) => status === (version === "ocpp1.6" ? "Preparing" : "Occupied") || status === "Preparing",
      );
      expect((await memoryOf(host, station)).cars[1]).toBeDefined();
    });
  },
);

describe("the commands of a host", () => {
  test("one call reaches each of its stations, and says of each what became of it", async () => {
    const host = newHost();
    const [running, off, full] = [newStation(), newStation(), newStation()];
    for (const station of [running, off, full]) await host.start(station, 10_000);
    await host.reconcile(off, stopped);
    const free = await keepBusy(host, full);
    await host.command(Array.from({ length: 32 }, () => to(full, PLUG)));
    const receipts = await host.command(
      [running, off, full, newStation()].map((station) => to(station, PLUG)),
    );
    expect(receipts).toEqual(["queued", "stopped", "full", "unknown"]);
    expect((await memoryOf(host, full)).commands).toHaveLength(32);
    free();
  });

  test("a station that was not accepted yet takes none", async () => {
    const host = newHost();
    const station = newStation({ wsUrl: "ws://127.0.0.1:1/nobody" });
    await host.start(station, 0);
    expect(await host.command([to(station, PLUG)])).toEqual(["notReady"]);
  });

  test("what waits survives a crash of the host, and has its turn after it, in order", async () => {
    let host = newHost();
    const station = newStation();
    await host.start(station, 10_000);
    const free = await keepBusy(host, station);
    const inject: StationEvent = {
      kind: "inject_fault",
      connectorId: 2,
      faultType: "OtherError",
      info: null,
    };
    const clear: StationEvent = { kind: "clear_fault", connectorId: 2 };
    expect(await host.command([PLUG, inject, clear].map((event) => to(station, event)))).toEqual([
      "queued",
      "queued",
      "queued",
    ]);
    host = await lose(host);
    free();
    await runDurableObjectAlarm(host);
    await eventually(
      () => memoryOf(host, station),
      ({ commands, cars }) => commands.length === 0 && cars[1] !== undefined,
    );
    expect((await memoryOf(host, station)).faults).toEqual({});
  });

  test("what has waited too long has no effect", async () => {
    const host = newHost();
    const station = newStation();
    await host.start(station, 10_000);
    const free = await keepBusy(host, station);
    await host.command([to(station, PLUG, 50)]);
    await eventually(
      () => memoryOf(host, station),
      ({ commands }) => commands.length === 0,
    );
    free();
    expect((await memoryOf(host, station)).cars).toEqual({});
  });

  test("one that ended without effect is in the logs of its charger, with the reason", async () => {
    const host = newHost();
    const [idle, busy] = [newStation(), newStation()];
    for (const station of [idle, busy]) await host.start(station, 10_000);
    const free = await keepBusy(host, busy);
    const [early, late] = [to(idle, { kind: "unplug", connectorId: 1 }), to(busy, PLUG, 50)];
    expect(await host.command([early, late])).toEqual(["queued", "queued"]);
    const notes = async (station: SimulatedStation) => {
      const query = { startMs: null, endMs: null, action: null, limit: 100, offset: 0 };
      const { rows } = (await sessions.frames(station, query)) ?? { rows: [] };
      return rows.filter(({ action }) => action === null);
    };
    for (const [station, { command }, reason] of [
      [idle, early, "no car is plugged in"],
      [busy, late, "its turn did not come in time"],
    ] as const) {
      const found = await eventually(
        () => notes(station),
        ({ length }) => length > 0,
      );
      const message = `Command ${command.id} had no effect: ${reason}`;
      expect(found).toEqual([{ direction: "cp_to_csms", action: null, message, atMs: expect.any(Number) }]);
    }
    free();
  });

  test("a command that is waited for gets the word of the station", async () => {
    const host = newHost();
    const station = newStation();
    await host.start(station, 10_000);
    const fault: StationEvent = {
      kind: "inject_fault",
      connectorId: 1,
      faultType: "GroundFailure",
      info: null,
    };
    const result = { faultType: "GroundFailure", status: "Faulted" };
    expect(await asked(host, to(station, fault))).toEqual({ kind: "done", result });
  });

  test("one that is waited for is told when the station is switched off, and when its time is over", async () => {
    const host = newHost();
    const station = newStation();
    await host.start(station, 10_000);
    const free = await keepBusy(host, station);
    await expect(asked(host, to(station, { kind: "clear_cache" }, 50))).resolves.toEqual({ kind: "late" });
    const waiting = asked(host, to(station, { kind: "clear_cache" }));
    await eventually(
      () => memoryOf(host, station),
      ({ commands }) => commands.length === 1,
    );
    await host.reconcile(station, stopped);
    await expect(waiting).resolves.toEqual({ kind: "refused", receipt: "stopped" });
    await expect(asked(host, to(station, PLUG))).resolves.toEqual({ kind: "refused", receipt: "stopped" });
    free();
  });

  test("a command whose host dies is answered as failed, and has no effect after that", async () => {
    const host = newHost();
    const station = newStation();
    await host.start(station, 10_000);
    const free = await keepBusy(host, station);
    const simulators = durableSimulators({
      SIMULATOR_HOST: { getByName: () => host } as unknown as typeof testEnv.SIMULATOR_HOST,
    });
    const waiting = simulators.commanded("any", to(station, PLUG)).catch((error: unknown) => error);
    await eventually(
      () => memoryOf(host, station),
      ({ commands }) => commands.length === 1,
    );
    const again = await lose(host);
    expect(await waiting).toMatchObject({ name: "Unavailable" });
    free();
    await runDurableObjectAlarm(again);
    await eventually(
      async () => (await again.status(station.chargerId))?.isOnline,
      (isOnline) => isOnline === true,
    );
    await again.command([to(station, { kind: "plug", connectorId: 2 })]);
    expect(Object.keys((await memoryOf(again, station)).cars)).toEqual(["2"]);
  });

  test("costs one row for a command that has its effect at once, and none of its own", async () => {
    const host = newHost();
    const station = newStation();
    await host.start(station, 10_000);
    const written = await runInDurableObject(host, async (instance, state) => {
      const exec = vi.spyOn(state.storage.sql, "exec");
      await (instance as unknown as Commanded).command([to(station, PLUG)]);
      const texts = exec.mock.calls.map(([text]) => text.trim().split(/\s+/)[0]);
      exec.mockRestore();
      return texts;
    });
    expect(written).toEqual(["INSERT"]);
  });
});
