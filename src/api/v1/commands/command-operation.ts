import { z } from "@hono/zod-openapi";
import { sendCommand, type CommandFailure, type CommandResult } from "../../../commands/send-command.ts";
import { Unavailable } from "../../../errors.ts";
import type { ChargerCommand, CommandAnswer, StatusInfo } from "../../../ocpp/commands.ts";
import type { OcppVersion } from "../../../ocpp/version.ts";
import type { CommandTimeout } from "../../../ports.ts";
import { CommandFailed, stationText } from "../command-failure.ts";
import { chargeBoxId, chargerPath, queryInteger } from "../fields.ts";
import { defineOperation } from "../surface.ts";
import type { BoundOperation } from "../../operation/operations-of.ts";
import type { OperationRequest } from "../../operation/operation.ts";

export const TIMEOUT_DEFAULT_MS = 30_000;
const INFO_LENGTH_MAX = 1024;

export const timeout = queryInteger({ min: 1, max: 120, fallback: 0 }).openapi({
  // An absent timeout is parsed as 0, which a client may not send; so the default is not documented.
  default: undefined,
  description: "Seconds to wait for the charger's answer; without it the command's own default applies",
});
export const commandQuery = z.object({ timeout });

type CommandPath = z.infer<typeof chargerPath>;
type CommandQuery = z.infer<typeof commandQuery>;
export type CommandCall<B> = OperationRequest<CommandPath, CommandQuery, B>;

/** The answer of a station and where it came from. */
export interface Answered {
  answer: CommandAnswer;
  version: OcppVersion;
  /** Message id of the CALL; set for a raw command only. */
  messageId?: string | undefined;
  chargeBoxId: string;
}

/** One command: its request body, the command sent to the station, and the body of its answer. */
interface CommandRoute<B, Shape extends z.ZodRawShape> {
  /** Below `/chargers/{chargeBoxId}`. */
  path: string;
  operationId: string;
  summary: string;
  bodySchema: z.ZodType<B>;
  /** Fields of the answer; `ocppStatus` and `statusInfo` are added. */
  answerSchema: Shape;
  /** The command for a request. May throw a domain error. */
  command: (call: CommandCall<B>) => ChargerCommand | Promise<ChargerCommand>;
  timeoutMs?: (body: B) => CommandTimeout;
  present: (body: B, answered: Answered) => NoInfer<z.output<z.ZodObject<Shape>>> & { chargeBoxId: string };
}

export const stationWord = {
  ocppStatus: z
    .string()
    .nullable()
    .openapi({ description: "Status of the station's answer, as OCPP spells it" }),
  statusInfo: z.object({ reasonCode: z.string(), additionalInfo: z.string().nullable() }).optional(),
};

/** The operation of a command. Postgres is asked only if the charger's session is not provisioned. */
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
  const answered = await answerOf({ identity, body, timeoutMs }, async () => {
    const command = await route.command(call);
    return sendCommand(ports, organization, identity, command, timeoutMs);
  });
  return { ...route.present(body, answered), ...wordOf(answered.answer) };
}

/** The answer of a station to what `send` sends. @throws CommandFailed, and what `send` throws */
export async function answerOf(
  about: { identity: string; body: unknown; timeoutMs: CommandTimeout },
  send: () => Promise<CommandResult>,
): Promise<Answered> {
  const result = await send().catch(unavailable);
  if (result.kind !== "answered") throw new CommandFailed({ ...about, failure: result });
  const { answer, version, messageId } = result;
  return { answer, version, messageId, chargeBoxId: about.identity };
}

/** A dependency that failed before the command was sent is a failure with `sent: false`. */
function unavailable(error: unknown): CommandFailure {
  if (error instanceof Unavailable) return { kind: "unavailable" };
  throw error;
}

/** Fields of every answer to a command: the status that the station answered. */
export function wordOf(answer: CommandAnswer): { ocppStatus: string | null; statusInfo?: StatusInfo } {
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

/** The message for a status; an unknown status is repeated in the message. */
export function messageOf(messages: Record<string, string>, status: string): string {
  return messages[status] ?? `Charger answered ${status}`;
}
