import type { CommandContext, CommandOf, CommandScript } from "../../charger-command.ts";
import { ask, compact, statusAnswer } from "../../command-script.ts";

const TOKEN_TYPE = "Central";

/** ReserveNow (OCPP 2.x H01). Connector 0 reserves no particular EVSE. */
export function* reserve(command: CommandOf<"reserve">, ctx: CommandContext): CommandScript {
  const { connectorId, idTag, groupId, expiresAt } = command;
  const reservationId = ctx.nextRequestId();
  const about = {
    id: reservationId,
    expiryDateTime: expiresAt,
    idToken: { idToken: idTag, type: TOKEN_TYPE },
    evseId: connectorId === 0 ? undefined : connectorId,
    groupIdToken: groupId === null ? undefined : { idToken: groupId, type: TOKEN_TYPE },
  };
  const answer = yield* ask("ReserveNow", compact(about));
  return { ...statusAnswer(answer), kind: "reserved", reservationId };
}
