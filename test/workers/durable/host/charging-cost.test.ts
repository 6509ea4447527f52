import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import type { ChargerCommand } from "../../../../src/ocpp/commands.ts";
import { durableSessions } from "../../../../src/durable/sessions.ts";
import { hostCostOf } from "../session/cost-meter.ts";
import { DatabaseDouble } from "../session/database-double.ts";
import { eventually, newHost, newStation, testEnv } from "./test-station.ts";

const sessions = durableSessions(testEnv);

beforeEach(() => {
  vi.restoreAllMocks();
  new DatabaseDouble();
});

const VALUES = 4;

test.each(["ocpp1.6", "ocpp2.0.1"] as const)(
  "a meter value of a simulated %s station costs its host two rows and no alarm",
  async (version) => {
    const station = newStation({ version });
    const host = newHost();
    onTestFinished(() => host.remove(station.chargerId));
    await host.start(station, 10_000);
    const answered = async (command: ChargerCommand) =>
      expect(await sessions.command(station, command, 5000)).toMatchObject({ kind: "answered" });
    for (const [key, value] of [
      ["MeterValueSampleInterval", "1"],
      ["StopTransactionOnInvalidId", "false"],
    ] as const)
      await answered({ kind: "changeConfiguration", key, value });
    await answered({ kind: "remoteStart", connectorId: 1, idTag: "TAG", remoteStartId: 9 });
    const action = version === "ocpp1.6" ? "MeterValues" : "TransactionEvent";
    const page = { startMs: null, endMs: null, action, limit: 1000, offset: 0 };
    const values = async () => {
      const log = await sessions.frames(station, page);
      return log?.rows.filter(({ direction }) => direction === "csms_to_cp").length ?? 0;
    };
    // After what the beginning of the transaction brings about.
    await eventually(values, (count) => count > 1);
    let first = 0;
    let count = 0;
    const cost = await hostCostOf(host, station.chargerId, async () => {
      first = await values();
      count = (await eventually(values, (now) => now >= first + VALUES)) - first;
    });
    // A value may come while the counting ends.
    const most = (await values()) - first;
    // A message is stored before it leaves, and dropped after its answer. One may be under way at the beginning and at the end.
    expect(cost.rows).toBeGreaterThanOrEqual(2 * count - 1);
    expect(cost.rows).toBeLessThanOrEqual(2 * most + 2);
    expect(cost.alarms).toBe(0);
  },
  20_000,
);
