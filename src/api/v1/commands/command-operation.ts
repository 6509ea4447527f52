import { z } from "@hono/zod-openapi";
import { sendCommand } from "../../../commands/send-command.ts";
import { Unavailable } from "../../../errors.ts";
import type { ChargerCommand, CommandAnswer, StatusInfo } from "../../../ocpp/commands.ts";
import type { OcppVersion } from "../../../ocpp/version.ts";
import type { CommandTimeout } from "../../../ports.ts";
import { CommandFailed, type CommandFailure, stationText } from "../command-failure.ts";
import { chargeBoxId, chargerPath, queryInteger } from "../fields.ts";
import { defineOperation } from "../surface.ts";
import type { BoundOperation } from "../../operation/operations-of.ts";
import type { OperationRequest } from "../../operation/operation.ts";

export const TIMEOUT_DEFAULT_MS = 30_000;
const INFO_LENGTH_MAX = 1024;

const timeout = queryInteger({ min: 1, max: 120, fallback: 0 }).openapi({
  // Absent is 0 inside, which is no value a client may send.
  default: undefined,
  description: "Seconds to wait for the charger's answer; without it the command's own default applies",
});
const commandQuery = z.object({ timeout });

type CommandPath = z.infer<typeof chargerPath>;
type CommandQuery = z.infer<typeof commandQuery>;
export type CommandCall<B> = OperationRequest<CommandPath, CommandQuery, B>;

/** What a station said, as far as an answer shows it. */
export interface Answered {
  answer: CommandAnswer;
  version: OcppVersion;
  chargeBoxId: string;
}

/** One command: its body, what is sent for it, and the answer's own fields. */
interface CommandRoute<B, Shape extends z.ZodRawShape> {
  /** Below `/chargers/{chargeBoxId}`. */
  path: string;
  operationId: string;
  summary: string;
  bodySchema: z.ZodType<B>;
  /** Fields of the answer; `ocppStatus` and `statusInfo` are added. */
  answerSchema: Shape;
  /** May refuse the request with a domain error. */
  command: (call: CommandCall<B>) => ChargerCommand | Promise<ChargerCommand>;
  timeoutMs?: (body: B) => CommandTimeout;
  present: (body: B, answered: Answered) => NoInfer<z.output<z.ZodObject<Shape>>> & { chargeBoxId: string };
}

const stationWord = {
  ocppStatus: z.string().nullable().openapi({ description: "The station's literal word" }),
  statusInfo: z.object({ reasonCode: z.string(), additionalInfo: z.string().nullable() }).optional(),
};

/** A command's route: no database request unless the charger's session does not know it. */
export function commandOperation<B, Shape extends z.ZodRawShape>(
  route: CommandRoute<B, Shape>,
): BoundOperation {
  const schema: z.ZodType<object> = z.object({ chargeBoxId, ...route.answerSchema, ...stationWord });
  return defineOperation({
    method: "post",
    path: `/chargers/{chargeBoxId}${route.path}`,
    operationId: route.operationId,
    summary: route.summary,
    tag: "Charger commands",
    role: "operator",
    params: chargerPath,
    query: commandQuery,
    body: { schema: route.bodySchema },
    success: {
      status: 200,
      description: "The station's answer, a refusal included",
      schema,
    },
    refusals: [404, 409, 502, 504],
    handle: (call) => runCommand(route, call),
  });
}

async function runCommand<B, Shape extends z.ZodRawShape>(
  route: CommandRoute<B, Shape>,
  call: CommandCall<B>,
) {
  const { ports, organization, path, query, body } = call;
  const identity = path.chargeBoxId;
  const timeoutMs = query.timeout * 1000 || (route.timeoutMs?.(body) ?? TIMEOUT_DEFAULT_MS);
  const send = async () => {
    const command = await route.command(call);
    return sendCommand(ports, organization, identity, command, timeoutMs);
  };
  const result = await send().catch(unavailable);
  if (result.kind !== "answered") throw new CommandFailed({ identity, body, timeoutMs, failure: result });
  const { answer, version } = result;
  return { ...route.present(body, { answer, version, chargeBoxId: identity }), ...wordOf(answer) };
}

/** What does not answer before a command goes out proves that nothing was sent. */
function unavailable(error: unknown): CommandFailure {
  if (error instanceof Unavailable) return { kind: "unavailable" };
  throw error;
}

function wordOf(answer: CommandAnswer): { ocppStatus: string | null; statusInfo?: StatusInfo } {
  const ocppStatus = "ocppStatus" in answer ? answer.ocppStatus : null;
  const statusInfo = "statusInfo" in answer ? answer.statusInfo : null;
  return statusInfo === null ? { ocppStatus } : { ocppStatus, statusInfo: shown(statusInfo) };
}

function shown({ reasonCode, additionalInfo }: StatusInfo): StatusInfo {
  return { reasonCode, additionalInfo: additionalInfo && stationText(additionalInfo, INFO_LENGTH_MAX) };
}

/** Narrows an answer to the kind its command promises. */
export function expectAnswer<Kind extends CommandAnswer["kind"]>(
  answer: CommandAnswer,
  kind: Kind,
): Extract<CommandAnswer, { kind: Kind }> {
  if (isAnswer(answer, kind)) return answer;
  throw new Error(`Expected an answer of kind ${kind}, got ${answer.kind}`);
}

function isAnswer<Kind extends CommandAnswer["kind"]>(
  answer: CommandAnswer,
  kind: Kind,
): answer is Extract<CommandAnswer, { kind: Kind }> {
  return answer.kind === kind;
}

/** The sentence for a status; a word the table does not know is repeated rather than guessed at. */
export function messageOf(messages: Record<string, string>, status: string): string {
  return messages[status] ?? `Charger answered ${status}`;
}
