import { z } from "@hono/zod-openapi";
import { chargerSummary, summaryBody } from "./charger-body.ts";
import { page, pagination } from "./fields.ts";
import { defineOperation } from "./surface.ts";

const querySchema = z.object({ ...page, status: z.enum(["online", "offline"]).optional() });

export const listChargers = defineOperation({
  method: "get",
  path: "/chargers",
  operationId: "listRegisteredChargers",
  summary: "List chargers, newest first",
  tag: "Charger registration",
  role: "viewer",
  query: querySchema,
  success: {
    status: 200,
    description: "One page of chargers",
    schema: z.object({ chargers: z.array(chargerSummary), pagination }),
  },
  handle: async ({ ports, organization, query: { status, limit, offset } }) => {
    const online = status === undefined ? null : status === "online";
    const { rows, total } = await ports.chargers.listConnected(
      organization.id,
      { online },
      { limit, offset },
    );
    return { chargers: rows.map(summaryBody), pagination: { total, limit, offset } };
  },
});
