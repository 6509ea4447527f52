import { describe, expect, test } from "vitest";
import type { ChargerStore, CommandTarget, Ports, Sessions, Simulators } from "../../../../src/ports.ts";
import { openGateway } from "./gateway.ts";

const target: CommandTarget = {
  chargerId: "0199f3c2-7b1e-7d4a-8c55-2f6f0c7a9e10",
  identity: "CP-1",
  runtime: "simulated",
  status: "READY",
  version: "ocpp1.6",
  connectors: 1,
  simulatorHost: "host",
  isRunning: true,
};

const chargersOf = (targets: CommandTarget[]) =>
  ({
    commandTargets: async () => ({ isLocationKnown: true, targets }),
  }) as Partial<ChargerStore> as ChargerStore;

describe("a body of the wrong type", () => {
  const stopped = async (transactionId: unknown) => {
    const gateway = await openGateway({}, { chargers: chargersOf([target]) });
    const body = { target: { charger_id: target.chargerId }, event: { transaction_id: transactionId } };
    const { status, json } = await gateway.call("/ocpp/commands/stop-transaction", { body });
    const { detail } = json as { detail: Array<Record<string, unknown>> };
    expect(status).toBe(422);
    return detail;
  };
  const loc = ["body", "event", "transaction_id"];

  test.each([
    [true, { type: "string_type", msg: "Input should be a valid string" }],
    [{}, { type: "string_type", msg: "Input should be a valid string" }],
    [[5], { type: "string_type", msg: "Input should be a valid string" }],
    [
      1.5,
      { type: "int_from_float", msg: "Input should be a valid integer, got a number with a fractional part" },
    ],
    [
      "",
      {
        type: "string_too_short",
        msg: "String should have at least 1 character",
        ctx: { min_length: 1 },
      },
    ],
    [
      "x".repeat(37),
      {
        type: "string_too_long",
        msg: "String should have at most 36 characters",
        ctx: { max_length: 36 },
      },
    ],
  ])("transaction_id %j has the finding of its type", async (given, finding) => {
    expect(await stopped(given)).toEqual([{ ...finding, loc, input: given }]);
  });

  test("a configuration key named __proto__ is a finding, and nothing is sent", async () => {
    const sent: unknown[] = [];
    const simulators = {
      commanded: async (_host, command) => {
        sent.push(command);
        return { kind: "done", result: { results: [] } };
      },
    } as Partial<Simulators> as Simulators;
    const gateway = await openGateway({}, { chargers: chargersOf([target]), simulators });
    const configuration = '{"HeartbeatInterval":"300","__proto__":"1"}';
    const body = `{"target":{"charger_id":"${target.chargerId}"},"event":{"configuration":${configuration}}}`;
    const { status, json } = await gateway.call("/ocpp/commands/configuration", { body });
    expect([status, json, sent]).toMatchObject([
      422,
      { detail: [{ type: "value_error", loc: ["body", "event", "configuration", "__proto__"] }] },
      [],
    ]);
  });
});

describe("a command to many external chargers", () => {
  const many = Array.from({ length: 1000 }, (_, n): CommandTarget => ({
    ...target,
    chargerId: `0199f3c2-7b1e-7d4a-8c55-${String(n).padStart(12, "0")}`,
    identity: `CP-${n}`,
    runtime: "external",
    simulatorHost: null,
    isRunning: false,
  }));
  const body = {
    target: { location_id: "0199f3c2-7b1e-7d4a-8c55-2f6f0c7a9e10" },
    event: { id_tag: "EV-USER-1234" },
  };

  /** Calls sessions that take `tookMs` each by the clock of the service. */
  const started = async (tookMs: number) => {
    const open = { now: 0, most: 0, all: 0 };
    const sessions = {
      post: async () => {
        open.all++;
        open.most = Math.max(open.most, ++open.now);
        await new Promise((resolve) => setImmediate(resolve));
        open.now--;
        gateway.fleet.now = new Date(gateway.fleet.now.getTime() + tookMs);
        return "queued";
      },
    } as Partial<Sessions> as Sessions;
    const gateway = await openGateway({}, { chargers: chargersOf(many), sessions });
    const answer = await gateway.call("/ocpp/commands/start-session", { body });
    expect(answer.status).toBe(202);
    return { ...open, report: answer.json as { queued_count: number; failed: Array<{ error: unknown }> } };
  };

  test("calls 20 sessions at once, and each one once", async () => {
    const { most, all, report } = await started(0);
    expect([most, all, report.queued_count]).toEqual([20, 1000, 1000]);
  });

  test("begins no call after 25 s, and names those that got nothing", async () => {
    const { all, report } = await started(100);
    expect(all).toBeGreaterThan(240);
    expect(all).toBeLessThan(280);
    expect([report.queued_count, report.failed.length]).toEqual([all, 1000 - all]);
    expect(report.failed[0]?.error).toEqual({
      code: "INTERNAL",
      message: "Command was not sent in time",
      retryable: true,
    });
  });
});

describe("the timeout of a command to one charger", () => {
  const external: CommandTarget = { ...target, runtime: "external", simulatorHost: null, isRunning: false };

  /** The deadline that each command of a request got, in ms; each takes 2 s. */
  async function deadlines(query: string) {
    const got: unknown[] = [];
    const sessions = {
      command: async (_ref, command, timeoutMs) => {
        got.push(timeoutMs);
        gateway.fleet.now = new Date(gateway.fleet.now.getTime() + 2000);
        if (command.kind !== "getLocalListVersion") return { kind: "timeout", sent: true };
        const answer = { kind: "localListVersion", listVersion: 4 } as const;
        return { kind: "answered", answer, version: "ocpp1.6" };
      },
    } as Partial<Sessions> as Sessions;
    const localLists = { replace: async () => null } as Partial<Ports["localLists"]> as Ports["localLists"];
    const gateway = await openGateway({}, { chargers: chargersOf([external]), sessions, localLists });
    const body = { target: { charger_id: target.chargerId } };
    const { status, json } = await gateway.call(`/ocpp/commands/clear-local-auth-list${query}`, { body });
    return { status, json, got };
  }
  const late = { status: 504, json: { detail: "Charger did not answer in time" } };

  test.each([
    ["", [30_000, 28_000]],
    ["?timeout=5", [5000, 3000]],
    ["?timeout=1", [1000, 1]],
  ])("%j holds for all that the request sends, and 30 s are the default", async (query, got) => {
    expect(await deadlines(query)).toEqual({ ...late, got });
  });

  test.each(["0", "31", "x", ""])("is refused as %j, and nothing is sent", async (timeout) => {
    const { status, json, got } = await deadlines(`?timeout=${timeout}`);
    expect([status, json, got]).toMatchObject([422, { detail: [{ loc: ["query", "timeout"] }] }, []]);
  });
});
