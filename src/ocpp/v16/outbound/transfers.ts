import type { CommandOf, CommandScript } from "../../charger-command.ts";
import { ask, compact } from "../../command-script.ts";
import { optionalText } from "../../payload.ts";

/** UpdateFirmware (OCPP 1.6 §5.19). The answer is empty and only confirms the delivery. */
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

/** GetDiagnostics (OCPP 1.6 §5.9). An answer without file name means that there is nothing to upload. */
export function* getDiagnostics(command: CommandOf<"diagnostics">): CommandScript {
  const { location, startTime, stopTime, retries, retryInterval } = command;
  const answer = yield* ask(
    "GetDiagnostics",
    compact({ location, startTime, stopTime, retries, retryInterval }),
  );
  const fileName = optionalText(answer, "fileName");
  return {
    kind: "transfer",
    status: fileName === null ? "not_available" : "accepted",
    requestId: null,
    fileName,
    ocppStatus: null,
    statusInfo: null,
  };
}
