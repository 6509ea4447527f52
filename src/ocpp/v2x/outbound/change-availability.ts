import type { CommandOf, CommandScript } from "../../charger-command.ts";
import { askStatus, compact } from "../../command-script.ts";

/** OCPP 2.x G03, G04; without `evse` it means the whole station. */
export function changeAvailability(command: CommandOf<"availability">): CommandScript {
  const { connectorId: id, evseConnectorId: connectorId, type } = command;
  const evse = id === 0 ? undefined : compact({ id, connectorId });
  return askStatus("ChangeAvailability", compact({ operationalStatus: type, evse }));
}
