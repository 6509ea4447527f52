import type { JsonObject } from "../ocpp/json.ts";
import type { TransactionMessage } from "./charge.ts";
import { integerOf, objectOf, textOf } from "./read.ts";
import { isSettingOn } from "./setting-value.ts";
import { endTransaction, reviewFlows, setCharge } from "./transactions.ts";
import type { Turn } from "./turn.ts";

/** What follows from the confirmation of a transaction message: its number in 1.6, and an end for a refused tag. */
export function confirmed(turn: Turn, message: TransactionMessage, answer: JsonObject): void {
  noteNumber(turn, message, answer);
  const info = objectOf(answer, turn.dialect.verdictField);
  const status = info ? textOf(info, "status") : undefined;
  if (status === undefined || status === "Accepted" || status === "ConcurrentTx") return;
  const refused = Object.entries(turn.state.memory.charges).find(([, { id }]) => id === message.chargeId);
  if (!refused) return;
  const connectorId = Number(refused[0]);
  if (isSettingOn(turn.state, "StopTransactionOnInvalidId"))
    return endTransaction(turn, connectorId, "DeAuthorized");
  setCharge(turn, connectorId, { isRefused: true });
  reviewFlows(turn);
}

function noteNumber(turn: Turn, { action, chargeId }: TransactionMessage, answer: JsonObject): void {
  const { transactionIds } = turn.state.memory;
  const number = action === "StartTransaction" ? integerOf(answer, "transactionId") : undefined;
  if (number !== undefined) turn.remember({ transactionIds: { ...transactionIds, [chargeId]: number } });
}
