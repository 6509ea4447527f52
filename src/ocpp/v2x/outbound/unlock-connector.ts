import type { CommandOf, CommandScript } from "../../charger-command.ts";
import { ask, statusAnswer } from "../../command-script.ts";

/** OCPP 2.x F05 */
export function* unlockConnector({ connectorId, evseConnectorId = 1 }: CommandOf<"unlock">): CommandScript {
  const answer = statusAnswer(
    yield* ask("UnlockConnector", { evseId: connectorId, connectorId: evseConnectorId }),
  );
  return answer.ocppStatus === "OngoingAuthorizedTransaction"
    ? { ...answer, status: "ongoing_transaction" }
    : answer;
}
