import type { ChargerCommand } from "../../../ocpp/commands.ts";
import type { CommandOutcome, DataTransferRow } from "../../../ports.ts";
import { transferId } from "../storage/kept-transfer.ts";

type Transfer = Extract<ChargerCommand, { kind: "dataTransfer" }>;

/** The row of a vendor message we sent, or tried to. */
export function outgoingTransfer(command: Transfer, outcome: CommandOutcome, atMs: number): DataTransferRow {
  const { vendorId, messageId = null, data = null } = command;
  const answer =
    outcome.kind === "answered" && outcome.answer.kind === "dataTransfer" ? outcome.answer : null;
  return {
    id: transferId(),
    atMs,
    direction: "outgoing",
    vendorId,
    messageId,
    data,
    responseStatus: answer?.status ?? null,
    responseData: answer?.responseData ?? null,
    error: outcome.kind === "answered" || outcome.kind === "notProvisioned" ? null : outcome.kind,
  };
}
