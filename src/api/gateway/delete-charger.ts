import { createRoute } from "@hono/zod-openapi";
import { NotFound } from "../../errors.ts";
import { removeChargers } from "../../fleet/change-chargers.ts";
import { isResourceId } from "../http/resource-id.ts";
import { operator } from "./access.ts";
import { changeOf } from "./change-of.ts";
import { operation } from "./operation.ts";
import { ChargerParams } from "./schemas/charger.ts";
import { DeletedChargerResponse } from "./schemas/charger-changes.ts";
import { failures, notFound } from "./schemas/error.ts";

const route = createRoute({
  operationId: "deleteCharger",
  method: "delete",
  path: "/ocpp/chargers/{charger_id}",
  tags: ["chargers"],
  summary: "Delete charger",
  description:
    "Final, in every provisioning state. The identity is free at once; socket, runtime and credentials end with it.",
  security: [{ HTTPBearer: [] }],
  middleware: operator,
  request: { params: ChargerParams },
  responses: {
    200: {
      description: "Charger deleted",
      content: { "application/json": { schema: DeletedChargerResponse } },
    },
    ...notFound,
    ...failures,
  },
});

export const deleteCharger = operation(route, async (c) => {
  const id = c.req.valid("param").charger_id;
  if (!isResourceId(id)) throw new NotFound("Charger", id);
  const ids = await removeChargers(c.get("ports"), changeOf(c), { locationId: null, chargerIds: [id] });
  if (ids.length === 0) throw new NotFound("Charger", id);
  return c.json({ msg: "Charger deleted", charger_id: id }, 200);
});
