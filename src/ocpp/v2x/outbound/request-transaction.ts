import type { CommandOf, CommandScript } from "../../charger-command.ts";
import { ask, askStatus, statusAnswer } from "../../command-script.ts";
import { optionalText } from "../../payload.ts";

/** OCPP 2.x F01, F02; the station repeats `remoteStartId` in its first TransactionEvent. */
export function* requestStart({
  connectorId,
  idTag,
  remoteStartId,
}: CommandOf<"remoteStart">): CommandScript {
  const idToken = { idToken: idTag, type: "Central" };
  const answer = yield* ask("RequestStartTransaction", { remoteStartId, idToken, evseId: connectorId });
  return {
    ...statusAnswer(answer),
    kind: "started",
    ocppTransactionId: optionalText(answer, "transactionId"),
  };
}

/** OCPP 2.x F03 */
export function requestStop({ transactionId, ocppTransactionId }: CommandOf<"remoteStop">): CommandScript {
  return askStatus("RequestStopTransaction", { transactionId: ocppTransactionId ?? String(transactionId) });
}
