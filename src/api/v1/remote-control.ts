import { z } from "@hono/zod-openapi";
import { sendCommand, type CommandResult } from "../../commands/send-command.ts";
import { Conflict, NotFound } from "../../errors.ts";
import type { StoredTransaction } from "../../ports.ts";
import type { BoundOperation } from "../operation/operations-of.ts";
import type { OperationRequest } from "../operation/operation.ts";
import { jsonAnswer } from "../operation/document.ts";
import {
  answerOf,
  commandQuery,
  expectAnswer,
  stationWord,
  TIMEOUT_DEFAULT_MS,
  wordOf,
} from "./commands/command-operation.ts";
import { chargeBoxId, chargerPath, connectorNumber, noBody } from "./fields.ts";
import { defineOperation } from "./surface.ts";
import { transactionPath } from "./transactions.ts";

/** The tag of remote starts that name none. */
const REMOTE_ONLY_TAG = "CAPACITOR";

/** The tag of a remote start or reservation. */
export const tokenOfStart = z
  .string()
  .regex(/^[A-Za-z0-9*+=:|@._-]{1,36}$/, "must be 1 to 36 of A-Z a-z 0-9 * + = : | @ . _ -")
  .openapi({ example: "USER123", description: "At most 20 characters for an OCPP 1.6 charger" });

const startBody = z.strictObject({
  chargeBoxId,
  connectorId: connectorNumber(1),
  idTag: tokenOfStart
    .optional()
    .openapi({ description: `${REMOTE_ONLY_TAG} if absent; at most 20 characters on OCPP 1.6` }),
});

const chargerStartBody = z.strictObject({ connectorId: connectorNumber(1), idTag: tokenOfStart });

const START_MESSAGES = {
  accepted: "Remote start accepted by charger",
  rejected: "Remote start rejected by charger",
};
const STOP_MESSAGES = {
  accepted: "Remote stop accepted by charger",
  rejected: "Remote stop rejected by charger",
};

const startNote =
  "Charger has accepted the start command. The transactionId will be assigned when charging begins. Use GET /transactions?chargeBoxId={id}&status=in_progress to find it, or listen for the transaction.started webhook.";
const chargerStartNote = "Transaction will start when vehicle is connected and ready";
const stopNote = "Transaction will stop shortly. Final details available after StopTransaction is received.";

const note = z.string().optional().openapi({ description: "Absent where the charger refused" });
const started = z.object({
  message: z.string(),
  chargeBoxId,
  connectorId: z.int(),
  status: z.enum(["accepted", "rejected"]),
  note,
  ...stationWord,
});
const chargerStarted = z.object({
  message: z.string(),
  transactionId: z.int().optional().openapi({ description: "Absent where the charger refused" }),
  chargeBoxId,
  connectorId: z.int(),
  status: z.enum(["pending", "rejected"]),
  note,
  ...stationWord,
});
const stopped = z.object({
  message: z.string(),
  transactionId: z.int(),
  chargeBoxId,
  status: z.enum(["stopping", "rejected"]),
  note,
  ...stationWord,
});

/** 202: the station accepted; 200: it refused. */
function answers(schema: z.ZodType<object>) {
  return {
    success: { status: 202, description: "The charger accepted", schema },
    otherAnswers: { 200: jsonAnswer("The charger refused", schema) },
  } as const;
}

/** One start. Its row is reserved by the session before anything is sent. */
type Start = Pick<
  OperationRequest<unknown, z.infer<typeof commandQuery>, unknown>,
  "ports" | "organization" | "query" | "body"
> & {
  identity: string;
  connectorId: number;
  tag: string;
};

async function start({ ports, organization, query, body, identity, connectorId, tag }: Start) {
  const timeoutMs = query.timeout * 1000 || TIMEOUT_DEFAULT_MS;
  const command = { kind: "remoteStart", connectorId, idTag: tag } as const;
  const { answer } = await answerOf({ identity, body, timeoutMs }, () =>
    sendCommand(ports, organization, identity, command, timeoutMs),
  );
  const { status, transactionId } = expectAnswer(answer, "started");
  return { isAccepted: status === "accepted", transactionId, word: wordOf(answer) };
}

export const startTransaction = defineOperation({
  method: "post",
  path: "/transactions/start",
  operationId: "startTransaction",
  summary: "Start a transaction remotely",
  tag: "Transactions",
  role: "operator",
  query: commandQuery,
  body: { schema: startBody },
  ...answers(started),
  refusals: [404, 409, 502, 504],
  handle: async (call) => {
    const { chargeBoxId: identity, connectorId, idTag: tag = REMOTE_ONLY_TAG } = call.body;
    const { isAccepted, word } = await start({ ...call, identity, connectorId, tag });
    const status = isAccepted ? "accepted" : "rejected";
    const told = { message: START_MESSAGES[status], chargeBoxId: identity, connectorId, status };
    return call.c.json({ ...told, ...(isAccepted && { note: startNote }), ...word }, isAccepted ? 202 : 200);
  },
});

export const startChargerTransaction = defineOperation({
  method: "post",
  path: "/chargers/{chargeBoxId}/remote-start",
  operationId: "startChargerTransaction",
  summary: "Start a transaction remotely and get its number; older form of `startTransaction`",
  tag: "Transactions",
  role: "operator",
  params: chargerPath,
  query: commandQuery,
  body: { schema: chargerStartBody },
  ...answers(chargerStarted),
  refusals: [404, 409, 502, 504],
  handle: async (call) => {
    const identity = call.path.chargeBoxId;
    const { connectorId, idTag: tag } = call.body;
    const { isAccepted, transactionId, word } = await start({ ...call, identity, connectorId, tag });
    const about = { chargeBoxId: identity, connectorId };
    if (!isAccepted)
      return call.c.json({ message: START_MESSAGES.rejected, ...about, status: "rejected", ...word }, 200);
    const told = { message: START_MESSAGES.accepted, transactionId, ...about, status: "pending" };
    return call.c.json({ ...told, note: chargerStartNote, ...word }, 202);
  },
});

export const stopTransaction: BoundOperation = defineOperation({
  method: "post",
  path: "/transactions/{transactionId}/stop",
  operationId: "stopTransaction",
  summary: "Stop a running transaction remotely",
  tag: "Transactions",
  role: "operator",
  params: transactionPath,
  query: commandQuery,
  body: { schema: noBody },
  ...answers(stopped),
  refusals: [404, 409, 502, 504],
  handle: async (call) => {
    const { ports, organization, query, body, path } = call;
    const row = await ports.history.transaction(organization.id, path.transactionId);
    if (!row) throw new NotFound("Transaction", path.transactionId);
    if (row.status !== "in_progress")
      throw new Conflict(`Transaction ${row.transactionId} is not in progress`);
    const timeoutMs = query.timeout * 1000 || TIMEOUT_DEFAULT_MS;
    const { answer } = await answerOf({ identity: row.identity, body, timeoutMs }, () =>
      stop(call, row, timeoutMs),
    );
    const { status } = expectAnswer(answer, "status");
    const about = { transactionId: row.transactionId, chargeBoxId: row.identity };
    const word = wordOf(answer);
    if (status !== "accepted")
      return call.c.json({ message: STOP_MESSAGES.rejected, ...about, status: "rejected", ...word }, 200);
    const told = { message: STOP_MESSAGES.accepted, ...about, status: "stopping", note: stopNote };
    return call.c.json({ ...told, ...word }, 202);
  },
});

/** To the charger that began it, and to no later one of its identity. */
async function stop(
  { ports, organization }: Pick<OperationRequest<unknown, unknown, unknown>, "ports" | "organization">,
  { identity, chargerId, transactionId, ocppTransactionId }: StoredTransaction,
  timeoutMs: number,
): Promise<CommandResult> {
  const ref = { organizationSlug: organization.slug, identity, chargerId };
  const command = { kind: "remoteStop", transactionId, ocppTransactionId } as const;
  const outcome = await ports.sessions.command(ref, command, timeoutMs);
  return outcome.kind === "notProvisioned" ? { kind: "offline" } : outcome;
}
