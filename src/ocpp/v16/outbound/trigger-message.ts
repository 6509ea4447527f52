import type { CommandOf, CommandScript } from "../../charger-command.ts";
import { askStatus, compact } from "../../command-script.ts";

/** OCPP 1.6 §5.17 */
export function triggerMessage({ requestedMessage, connectorId }: CommandOf<"trigger">): CommandScript {
  return askStatus("TriggerMessage", compact({ requestedMessage, connectorId }));
}
