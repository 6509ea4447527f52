import { z } from "@hono/zod-openapi";
import { ChargerResponse } from "./charger.ts";
import { chargerChangeFields } from "./charger-changes.ts";
import { ItemError } from "./error.ts";
import { queryList, text } from "./fields.ts";

/** Most chargers that one request may change. */
export const CHARGER_IDS_MAX = 1000;

const chargerIds = z.array(text()).min(1).max(CHARGER_IDS_MAX);

export const UpdateLocationChargersRequest = z
  .strictObject({
    charger_ids: chargerIds.nullish().openapi({ description: "Absent or null: every charger" }),
    ...chargerChangeFields,
  })
  .openapi("UpdateLocationChargersRequest", {
    description: "At least one field beside charger_ids; unknown fields are refused.",
    example: {
      charger_ids: ["CHARGER_ID"],
      connector_type: "CCS2",
    },
  });

const failedItems = z.array(z.object({ charger_id: z.string(), error: ItemError }));

export const UpdateLocationChargersResponse = z
  .object({
    updated: z.array(ChargerResponse).openapi({ description: "By creation; unchanged ones count too" }),
    failed: failedItems,
  })
  .openapi("UpdateLocationChargersResponse");

export const DeleteLocationChargersQuery = z.object({ charger_ids: queryList(CHARGER_IDS_MAX) });

export const DeleteLocationChargersRequest = z
  .object({ charger_ids: chargerIds })
  .openapi("DeleteLocationChargersRequest", {
    description: "For more ids than a URL takes; ignored when the query has any.",
    example: { charger_ids: ["CHARGER_ID"] },
  });

export const DeleteLocationChargersResponse = z
  .object({
    deleted: z.array(z.string()).openapi({ description: "In the order of the request" }),
    failed: failedItems,
  })
  .openapi("DeleteLocationChargersResponse", {
    example: {
      deleted: ["0199f3c2-8e01-7c00-8a00-000000000001"],
      failed: [
        {
          charger_id: "0199f3c2-0000-7000-8000-00000000dead",
          error: { code: "NOT_FOUND", message: "Charger not found in this location", retryable: false },
        },
      ],
    },
  });

export function notFoundItem(chargerId: string): z.infer<typeof failedItems>[number] {
  const message = "Charger not found in this location";
  return { charger_id: chargerId, error: { code: "NOT_FOUND", message, retryable: false } };
}

/** A failed item: the charger exists but is external, so `ws_url` does not apply. */
export function invalidItem(chargerId: string): z.infer<typeof failedItems>[number] {
  const message = "ws_url is not allowed for an external charger";
  return { charger_id: chargerId, error: { code: "INVALID", message, retryable: false } };
}
