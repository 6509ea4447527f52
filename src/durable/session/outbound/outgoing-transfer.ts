import type { ChargerCommand, CommandAnswer, CommandOf } from "../../../ocpp/commands.ts";
import type { JsonValue } from "../../../ocpp/json.ts";
import { optionalText } from "../../../ocpp/payload.ts";
import type { CommandOutcome, DataTransferRow, TransferError } from "../../../ports.ts";
import { transferId } from "../storage/kept-transfer.ts";

/** The row of a vendor message we sent, or tried to; null: the command is none, or none that any station could be sent. */
export function outgoingTransfer(
  command: ChargerCommand,
  outcome: CommandOutcome,
  atMs: number,
): DataTransferRow | null {
  const transfer = transferOf(command);
  const error = errorOf(outcome);
  if (!transfer || error === "unsendable") return null;
  const { vendorId, messageId = null, data = null } = transfer;
  const answer = outcome.kind === "answered" ? answerOf(outcome.answer) : null;
  return {
    id: transferId(),
    atMs,
    direction: "outgoing",
    vendorId,
    messageId,
    data,
    responseStatus: answer?.status ?? null,
    responseData: answer?.responseData ?? null,
    error,
  };
}

type Transfer = Omit<CommandOf<"dataTransfer">, "kind">;

function transferOf(command: ChargerCommand): Transfer | null {
  if (command.kind === "dataTransfer") return command;
  if (command.kind !== "raw" || command.action !== "DataTransfer") return null;
  const { payload } = command;
  const messageId = optionalText(payload, "messageId");
  const data = textOf(payload.data);
  return {
    vendorId: optionalText(payload, "vendorId") ?? "",
    ...(messageId === null ? {} : { messageId }),
    ...(data === null ? {} : { data }),
  };
}

/** Why there is no answer; null: there is one. */
function errorOf({ kind }: CommandOutcome): TransferError | "unsendable" | null {
  switch (kind) {
    case "answered":
    case "notProvisioned":
      return null;
    case "unknownAction":
    case "otherVersion":
    case "invalidPayload":
      return "unsendable";
    default:
      return kind;
  }
}

function answerOf(answer: CommandAnswer): { status: string; responseData: string | null } | null {
  if (answer.kind === "dataTransfer") return answer;
  if (answer.kind !== "payload") return null;
  const { payload } = answer;
  return { status: optionalText(payload, "status") ?? "", responseData: textOf(payload.data) };
}

/** Vendors' data as text: JSON other than text as JSON text. */
function textOf(data: JsonValue | undefined): string | null {
  if (data === undefined || data === null) return null;
  return typeof data === "string" ? data : JSON.stringify(data);
}
