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

export const SingleTarget = z.strictObject({ charger_id: text() }).openapi("SingleTarget", {
  description: "Single-charger target for commands that do not support locations.",
  example: { charger_id: "CHARGER_ID" },
});

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

/** A connector of a charger. */
export interface Place {
  /** In 2.x the EVSE. */
  connectorId: number;
  /** Connector of the EVSE; 1 in 1.6. */
  evseConnectorId: number;
}

/** The connector that the fields name; null: the charger has no such connector. */
export function placeOf(
  { runtime, version, connectors }: Pick<CommandTarget, "runtime" | "version" | "connectors">,
  { connector_id: connectorId, evse_id: evseId }: ConnectorFields,
): Place | null {
  const isSimulated = runtime === "simulated";
  const hasEvse = version !== "ocpp1.6" && evseId != null;
  const evseConnectorId = hasEvse ? (connectorId ?? 1) : 1;
  // Each EVSE of a simulated station has one connector; what an external station has is not known for sure.
  if (isSimulated && evseConnectorId !== 1) return null;
  const number = hasEvse ? evseId : (connectorId ?? 1);
  const last = connectors ?? (isSimulated ? 1 : Number.POSITIVE_INFINITY);
  return number <= last ? { connectorId: number, evseConnectorId } : null;
}
