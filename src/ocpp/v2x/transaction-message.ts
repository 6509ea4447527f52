import type { JsonObject } from "../json.ts";
import {
  needInteger,
  needObject,
  needText,
  optionalInteger,
  optionalObject,
  optionalObjects,
  optionalText,
} from "../payload.ts";
import type { ConnectorAddress } from "../station-state.ts";
import { believedTime } from "../station-time.ts";
import { readToken } from "./id-token.ts";
import { TEXT_LENGTH } from "../text-length.ts";

/** The fields of a TransactionEvent that are used. */
export interface TransactionMessage {
  readonly eventType: string;
  readonly ocppTransactionId: string;
  readonly seqNo: number;
  readonly timestamp: string;
  /** ISO 8601, see `believedTime`. */
  readonly at: string;
  readonly triggerReason: string;
  readonly chargingState: string | null;
  readonly stoppedReason: string | null;
  readonly remoteStartId: number | null;
  readonly reservationId: number | null;
  readonly offline: boolean;
  readonly evse: ConnectorAddress | null;
  readonly token: { readonly token: string; readonly type: string } | null;
  readonly meterValue: readonly JsonObject[];
}

/** `clockOffMs`: offset of the station's clock. */
export function readTransactionEvent(payload: JsonObject, now: Date, clockOffMs: number): TransactionMessage {
  const info = needObject(payload, "transactionInfo");
  const evse = optionalObject(payload, "evse");
  const timestamp = needText(payload, "timestamp", TEXT_LENGTH.free);
  return {
    eventType: needText(payload, "eventType", TEXT_LENGTH.word),
    ocppTransactionId: needText(info, "transactionId", TEXT_LENGTH.transactionId),
    seqNo: needInteger(payload, "seqNo"),
    timestamp,
    at: believedTime(timestamp, now, clockOffMs),
    triggerReason: needText(payload, "triggerReason", TEXT_LENGTH.word),
    chargingState: optionalText(info, "chargingState", TEXT_LENGTH.word),
    stoppedReason: optionalText(info, "stoppedReason", TEXT_LENGTH.word),
    remoteStartId: optionalInteger(info, "remoteStartId"),
    reservationId: optionalInteger(payload, "reservationId"),
    offline: payload.offline === true,
    evse: evse && { evseId: needInteger(evse, "id"), connectorId: optionalInteger(evse, "connectorId") ?? 1 },
    token: readToken(payload),
    meterValue: optionalObjects(payload, "meterValue"),
  };
}
