import type { ChargerCommand, CommandContext } from "../../../src/ocpp/commands.ts";
import { startCommand } from "../../../src/ocpp/commands.ts";
import type { JsonObject, JsonValue } from "../../../src/ocpp/json.ts";
import type { OcppVersion } from "../../../src/ocpp/version.ts";
import { validatorsOf } from "./validators-of.ts";

export function contextOf(fields: Partial<CommandContext> = {}): CommandContext {
  let requestId = 16;
  return {
    connectors: [
      { evseId: 1, connectorId: 1 },
      { evseId: 2, connectorId: 1 },
    ],
    keyLimits: { readKeysMax: 1000, writeKeysMax: 1000 },
    nextRequestId: () => ++requestId,
    reportedVariable: () => null,
    ...fields,
  };
}

export type Sent = [action: string, payload: JsonObject];

/** Runs a command against a station that gives these answers in order; what was sent, and how it ended. */
export function run(
  version: OcppVersion,
  command: ChargerCommand,
  answers: JsonValue[],
  ctx: CommandContext = contextOf(),
  report: JsonObject[] = [],
) {
  const script = startCommand(version, command, ctx, validatorsOf(version));
  const sent: Sent[] = [];
  let step = script.start();
  while (step.kind === "call" || step.kind === "report") {
    if (step.kind === "report") step = script.reported(report);
    else {
      sent.push([step.action, step.payload]);
      const answer = answers.shift();
      if (answer === undefined) throw new Error(`no answer left for ${step.action}`);
      step = script.answered(answer);
    }
  }
  return { sent, end: step, answer: step.kind === "done" ? step.answer : null };
}
