import type { JsonObject } from "../ocpp/json.ts";
import type { Charge, EndReason, IdToken, MessageBody, TransactionMessage, UpdateReason } from "./charge.ts";
import type { InboundHandler } from "./inbound.ts";
import type { ReadingContext } from "./meter.ts";
import type { Turn } from "./turn.ts";

/** What differs between the versions: how a station says things, and what it answers. */
export interface Dialect {
  /** 1.6 reports the station itself as connector 0. */
  readonly firstConnector: 0 | 1;
  /** Where an answer says what a tag is worth. */
  readonly verdictField: "idTagInfo" | "idTokenInfo";
  boot(turn: Turn, reason: string): JsonObject;
  /** `status` in the words of the version. */
  status(turn: Turn, connectorId: number, status: string): JsonObject;
  /** What the meter of one connector shows outside any transaction, 0 for the main meter. */
  meterValues(turn: Turn, connectorId: number, context: ReadingContext): JsonObject;
  authorize(token: IdToken): JsonObject;
  started(turn: Turn, connectorId: number, charge: Charge): MessageBody;
  /** Null when the version has no message for it. */
  updated(turn: Turn, connectorId: number, charge: Charge, why: UpdateReason): MessageBody | null;
  ended(turn: Turn, connectorId: number, charge: Charge, reason: EndReason): MessageBody;
  /** The payload as it is sent now: in 1.6 the transaction's number may have become known meanwhile. */
  addressed(turn: Turn, message: TransactionMessage): JsonObject;
  /** CALLs of the central system, spelled as in the specification. */
  readonly actions: Readonly<Record<string, InboundHandler>>;
}
