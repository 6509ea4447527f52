import type { CommandContext, CommandOf, CommandScript } from "../../charger-command.ts";
import { ask, compact, statusAnswer } from "../../command-script.ts";
import { optionalText } from "../../payload.ts";

/** UpdateFirmware (OCPP 2.x L01, L02). */
export function* updateFirmware(command: CommandOf<"updateFirmware">, ctx: CommandContext): CommandScript {
  const { location, retrieveDate, retries, retryInterval } = command;
  const requestId = ctx.nextRequestId();
  const firmware = { location, retrieveDateTime: retrieveDate };
  const answer = yield* ask("UpdateFirmware", compact({ requestId, firmware, retries, retryInterval }));
  return { ...statusAnswer(answer), kind: "transfer", requestId, fileName: null };
}

/** GetLog (OCPP 2.x N01). */
export function* getLog(command: CommandOf<"diagnostics">, ctx: CommandContext): CommandScript {
  const { location, startTime, stopTime, retries, retryInterval } = command;
  const requestId = ctx.nextRequestId();
  const log = compact({ remoteLocation: location, oldestTimestamp: startTime, latestTimestamp: stopTime });
  const answer = yield* ask(
    "GetLog",
    compact({ logType: "DiagnosticsLog", requestId, log, retries, retryInterval }),
  );
  return { ...statusAnswer(answer), kind: "transfer", requestId, fileName: optionalText(answer, "filename") };
}
