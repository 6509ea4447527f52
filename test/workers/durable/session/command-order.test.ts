import { beforeEach, expect, test } from "vitest";
import type { ChargerCommand } from "../../../../src/ocpp/commands.ts";
import type { CommandOutcome } from "../../../../src/ports.ts";
import { DatabaseDouble } from "./database-double.ts";
import { type Charger, provisioned, StationDouble } from "./station-double.ts";

beforeEach(() => {
  new DatabaseDouble();
});

const COMMANDS = 1000;
/** One on the wire, and as many behind it as a session lets wait. */
const OUTSTANDING = 33;

type Payload = Record<string, unknown>;
type SetVariables = {
  setVariableData: Array<{ attributeValue: string; component: object; variable: object }>;
};

/** How a station of each version is told a value, and says that it took it. */
const dialects = [
  {
    protocol: "ocpp1.6",
    action: "ChangeConfiguration",
    valueOf: (payload: Payload) => payload["value"],
    accepted: (_payload: Payload) => ({ status: "Accepted" }),
  },
  {
    protocol: "ocpp2.0.1",
    action: "SetVariables",
    valueOf: (payload: Payload) => (payload as SetVariables).setVariableData[0]?.attributeValue,
    accepted: (payload: Payload) => ({
      setVariableResult: (payload as SetVariables).setVariableData.map(({ component, variable }) => ({
        attributeStatus: "Accepted",
        component,
        variable,
      })),
    }),
  },
];

interface OneSession {
  command(ref: Charger["ref"], command: ChargerCommand, timeoutMs: number): Promise<CommandOutcome>;
}

/** Starts all in order, over one stub, so that they are accepted in it; `OUTSTANDING` are never exceeded. */
async function sendAll(charger: Charger, values: readonly string[]): Promise<CommandOutcome[]> {
  const session = charger.stub as unknown as OneSession;
  const outcomes: Promise<CommandOutcome>[] = [];
  for (const [index, value] of values.entries()) {
    await outcomes[index - OUTSTANDING];
    const command: ChargerCommand = { kind: "changeConfiguration", key: "HeartbeatInterval", value };
    outcomes.push(session.command(charger.ref, command, 20_000));
  }
  return Promise.all(outcomes);
}

test.each(dialects)(
  "1,000 changes with 33 outstanding at a time arrive on $protocol in the order in which they were accepted, and the last value stands",
  async ({ protocol, action, valueOf, accepted }) => {
    const charger = await provisioned();
    const station = await StationDouble.booted(charger, { protocol });
    const values = Array.from({ length: COMMANDS }, (_, index) => String(index));
    const sent = sendAll(charger, values);
    const arrived: unknown[] = [];
    while (arrived.length < COMMANDS) {
      const [, id, received, payload] = await station.nextCall();
      expect(received).toBe(action);
      arrived.push(valueOf(payload));
      station.send([3, id, accepted(payload)]);
    }
    const kinds = (await sent).map((outcome) => outcome.kind);
    expect(arrived).toEqual(values);
    expect(new Set(kinds)).toEqual(new Set(["answered"]));
    expect(station.frames.filter(([type]) => type === 2)).toHaveLength(COMMANDS);
  },
);
