import { systemIds, ulidOf } from "../../../fleet/ids.ts";
import { redact } from "../../../ocpp/redact.ts";
import type { DataTransferRow } from "../../../ports.ts";
import { cutText } from "./cut-text.ts";

/** Far longer than OCPP allows; a hundred rows must fit into one answer of the session. */
const NAME_LENGTH_MAX = 1024;

/** A vendor message as it is kept: without secrets, also those in JSON text, and of bounded length. */
export function keptTransfer(row: DataTransferRow): DataTransferRow {
  return {
    ...row,
    vendorId: cutText(row.vendorId, NAME_LENGTH_MAX),
    messageId: keptText(row.messageId, NAME_LENGTH_MAX),
    data: keptText(row.data),
    responseStatus: keptText(row.responseStatus, NAME_LENGTH_MAX),
    responseData: keptText(row.responseData),
  };
}

function keptText(text: string | null, lengthMax?: number): string | null {
  if (text === null) return null;
  return cutText(String(redact(text)), lengthMax);
}

export function transferId(): string {
  return `dt_${ulidOf(systemIds.uuid())}`;
}
