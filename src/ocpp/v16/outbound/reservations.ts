import type { CommandContext, CommandOf, CommandScript } from "../../charger-command.ts";
import { ask, compact, statusAnswer } from "../../command-script.ts";

/** ReserveNow (OCPP 1.6 §5.13). */
export function* reserve(command: CommandOf<"reserve">, ctx: CommandContext): CommandScript {
  const { connectorId, idTag, groupId, expiresAt } = command;
  const reservationId = ctx.nextRequestId();
  const about = { connectorId, expiryDate: expiresAt, idTag, parentIdTag: groupId ?? undefined };
  const answer = yield* ask("ReserveNow", compact({ ...about, reservationId }));
  return { ...statusAnswer(answer), kind: "reserved", reservationId };
}
