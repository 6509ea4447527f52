import { z } from "@hono/zod-openapi";
import { TARGETS_MAX } from "../../../commands/send-events.ts";
import type { CommandTarget } from "../../../ports.ts";
import { text } from "../schemas/fields.ts";

/** One charger, one location, or some chargers of a location. An unknown key is refused: it may narrow the effect. */
export const MultiTarget = z
  .strictObject({
    charger_id: text().nullish(),
    location_id: text().nullish(),
    charger_ids: z.array(text()).min(1).max(TARGETS_MAX).nullish().openapi({
      description: "Subset of the chargers of `location_id`; duplicates collapse",
    }),
  })
  .superRefine(({ charger_id, location_id, charger_ids }, ctx) => {
    const hasBoth = charger_id != null && location_id != null;
    if (hasBoth || (charger_id == null && location_id == null))
      ctx.addIssue({ code: "custom", message: "provide exactly one of charger_id or location_id" });
    else if (charger_id != null && charger_ids != null)
      ctx.addIssue({ code: "custom", message: "charger_ids is only valid with location_id" });
  })
  .openapi("MultiTarget", {
    description:
      "Provide exactly one of charger_id or location_id. charger_ids is an optional subset filter, only valid with location_id.",
    example: { charger_id: "CHARGER_ID" },
  });

export type MultiTarget = z.output<typeof MultiTarget>;

export const connectorFields = {
  connector_id: z.number().int().min(1).nullish().openapi({ description: "Default 1", example: 1 }),
  evse_id: z
    .number()
    .int()
    .min(1)
    .nullish()
    .openapi({ description: "OCPP 2.x; without it the EVSE is `connector_id` and its connector 1" }),
};

export interface ConnectorFields {
  connector_id?: number | null | undefined;
  evse_id?: number | null | undefined;
}

/**
 * Number of the connector that the fields name: in 2.x the EVSE, each of which has one connector. Null: the charger
 * has no such connector.
 */
export function connectorOf(
  { version, connectors }: Pick<CommandTarget, "version" | "connectors">,
  { connector_id: connectorId, evse_id: evseId }: ConnectorFields,
): number | null {
  const hasEvse = version !== "ocpp1.6" && evseId != null;
  if (hasEvse && (connectorId ?? 1) !== 1) return null;
  const number = hasEvse ? evseId : (connectorId ?? 1);
  return number <= (connectors ?? 1) ? number : null;
}
