import type { CommandAnswer, CommandContext, CommandOf, CommandScript } from "../../charger-command.ts";
import { ask, askStatus, compact, statusAnswer } from "../../command-script.ts";
import type { JsonObject } from "../../json.ts";
import { optionalText } from "../../payload.ts";

/** RequestStartTransaction (OCPP 2.x F01, F02). The station repeats `remoteStartId` in its first TransactionEvent. */
export function* requestStart({
  connectorId,
  idTag,
  remoteStartId = 0,
}: CommandOf<"remoteStart">): CommandScript {
  const idToken = { idToken: idTag, type: "Central" };
  const answer = yield* ask("RequestStartTransaction", { remoteStartId, idToken, evseId: connectorId });
  return {
    ...statusAnswer(answer),
    kind: "started",
    transactionId: remoteStartId,
    ocppTransactionId: optionalText(answer, "transactionId"),
  };
}

/** RequestStopTransaction (OCPP 2.x F03). */
export function requestStop({ transactionId, ocppTransactionId }: CommandOf<"remoteStop">): CommandScript {
  return askStatus("RequestStopTransaction", { transactionId: ocppTransactionId ?? String(transactionId) });
}

type Trigger = CommandOf<"trigger">;

/** TriggerMessage (OCPP 2.x F06). With several triggers the first status that is not Accepted is the answer. */
export function* triggerMessage(command: Trigger, ctx: CommandContext): CommandScript {
  const name = command.requestedMessage;
  const requestedMessage = name === "DiagnosticsStatusNotification" ? "LogStatusNotification" : name;
  let answer: (CommandAnswer & { kind: "status" }) | null = null;
  for (const evse of targets(command, ctx)) {
    const next = statusAnswer(yield* ask("TriggerMessage", compact({ requestedMessage, evse })));
    if (answer === null || answer.status === "accepted") answer = next;
  }
  return answer ?? { kind: "status", status: "rejected", ocppStatus: null, statusInfo: null };
}

/**
 * Targets of a trigger. StatusNotification needs a connector (F06.FR.13), so without one every known connector is
 * triggered.
 */
function targets(command: Trigger, ctx: CommandContext): (JsonObject | undefined)[] {
  const { requestedMessage, connectorId, evseConnectorId = 1 } = command;
  if (requestedMessage === "StatusNotification") {
    if (connectorId !== undefined) return [{ id: connectorId, connectorId: evseConnectorId }];
    const known = ctx.connectors.length > 0 ? ctx.connectors : [{ evseId: 1, connectorId: 1 }];
    return known.map((connector) => ({ id: connector.evseId, connectorId: connector.connectorId }));
  }
  const isPerEvse = requestedMessage === "MeterValues" && connectorId !== undefined;
  return [isPerEvse ? { id: connectorId } : undefined];
}

/** UnlockConnector (OCPP 2.x F05). */
export function* unlockConnector({ connectorId, evseConnectorId = 1 }: CommandOf<"unlock">): CommandScript {
  const answer = statusAnswer(
    yield* ask("UnlockConnector", { evseId: connectorId, connectorId: evseConnectorId }),
  );
  return answer.ocppStatus === "OngoingAuthorizedTransaction"
    ? { ...answer, status: "ongoing_transaction" }
    : answer;
}

/** ChangeAvailability (OCPP 2.x G03, G04). Without `evse` it applies to the whole station. */
export function changeAvailability(command: CommandOf<"availability">): CommandScript {
  const { connectorId: id, evseConnectorId: connectorId, type } = command;
  const evse = id === 0 ? undefined : compact({ id, connectorId });
  return askStatus("ChangeAvailability", compact({ operationalStatus: type, evse }));
}
