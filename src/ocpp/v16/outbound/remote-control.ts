import type { CommandOf, CommandScript } from "../../charger-command.ts";
import { ask, askStatus, compact, statusAnswer } from "../../command-script.ts";

/** RemoteStartTransaction (OCPP 1.6 §5.11). Accepted means that the station will try (errata 3.32). */
export function* remoteStart({
  connectorId,
  idTag,
  remoteStartId = 0,
}: CommandOf<"remoteStart">): CommandScript {
  const answer = statusAnswer(yield* ask("RemoteStartTransaction", { connectorId, idTag }));
  return { ...answer, kind: "started", transactionId: remoteStartId, ocppTransactionId: null };
}

/** RemoteStopTransaction (OCPP 1.6 §5.12). */
export function remoteStop({ transactionId }: CommandOf<"remoteStop">): CommandScript {
  return askStatus("RemoteStopTransaction", { transactionId });
}

/** TriggerMessage (OCPP 1.6 §5.17). */
export function triggerMessage({ requestedMessage, connectorId }: CommandOf<"trigger">): CommandScript {
  return askStatus("TriggerMessage", compact({ requestedMessage, connectorId }));
}
