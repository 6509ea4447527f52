import type { CommandContext, CommandOf, CommandScript } from "../../charger-command.ts";
import { ask, compact, statusAnswer } from "../../command-script.ts";

/** OCPP 2.x L01, L02 */
export function* updateFirmware(command: CommandOf<"updateFirmware">, ctx: CommandContext): CommandScript {
  const { location, retrieveDate, retries, retryInterval } = command;
  const requestId = ctx.nextRequestId();
  const firmware = { location, retrieveDateTime: retrieveDate };
  const answer = yield* ask("UpdateFirmware", compact({ requestId, firmware, retries, retryInterval }));
  return { ...statusAnswer(answer), kind: "transfer", requestId, fileName: null };
}
