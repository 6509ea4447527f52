import type { CommandOf, CommandScript } from "../../charger-command.ts";
import { ask, compact } from "../../command-script.ts";

/** OCPP 1.6 §5.19: the answer is empty and proves delivery only. */
export function* updateFirmware(command: CommandOf<"updateFirmware">): CommandScript {
  const { location, retrieveDate, retries, retryInterval } = command;
  yield* ask("UpdateFirmware", compact({ location, retrieveDate, retries, retryInterval }));
  return {
    kind: "transfer",
    status: "accepted",
    requestId: null,
    fileName: null,
    ocppStatus: null,
    statusInfo: null,
  };
}
