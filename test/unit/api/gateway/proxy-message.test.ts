import { expect, test } from "vitest";
import type { ChargerStore, CommandTarget, Simulators } from "../../../../src/ports.ts";
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

test.each([32, 5_000, 100_000])("a payload of %i levels is refused and nothing is sent", async (levels) => {
  const sent: unknown[] = [];
  const gateway = await openGateway(
    {},
    {
      chargers: {
        commandTargets: async () => ({ isLocationKnown: true, targets: [target] }),
      } as Partial<ChargerStore> as ChargerStore,
      simulators: {
        commanded: async (_host, command) => {
          sent.push(command);
          return { kind: "done", result: {} };
        },
      } as Partial<Simulators> as Simulators,
    },
  );
  const lists = "[".repeat(levels - 1) + "]".repeat(levels - 1);
  const event = `{"action":"data_transfer","payload":{"vendor_id":"V","data":${lists}}}`;
  const body = `{"target":{"charger_id":"${target.chargerId}"},"event":${event}}`;
  const answer = await gateway.call("/ocpp/commands/proxy-message", { body });
  expect([answer.status, answer.json]).toEqual([
    400,
    { detail: "Invalid request data: payload must not be nested deeper than 31 levels" },
  ]);
  expect(sent).toEqual([]);
});
