import { z } from "@hono/zod-openapi";
import { NotFound } from "../../errors.ts";
import { removeChargers } from "../../fleet/change-chargers.ts";
import { chargeBoxId, chargerPath } from "./fields.ts";
import { defineOperation } from "./surface.ts";

export const deleteCharger = defineOperation({
  method: "delete",
  path: "/chargers/{chargeBoxId}",
  operationId: "deleteRegisteredCharger",
  summary: "Delete a charger; its socket, commands and credentials end with it",
  tag: "Charger registration",
  role: "owner",
  params: chargerPath,
  success: {
    status: 200,
    description: "Gone, and the identity is free",
    schema: z.object({ message: z.string(), chargeBoxId }),
  },
  refusals: [404],
  handle: async ({ c, ports, organization, path }) => {
    const identity = path.chargeBoxId;
    const charger = await ports.chargers.findByIdentity(organization.id, identity);
    if (!charger) throw new NotFound("Charger", identity);
    const { id: organizationId, slug: organizationSlug } = organization;
    const change = { organizationId, organizationSlug, background: c.get("background") };
    const ids = await removeChargers(ports, change, { locationId: null, chargerIds: [charger.id] });
    if (ids.length === 0) throw new NotFound("Charger", identity);
    return { message: "Charger deleted successfully", chargeBoxId: identity };
  },
});
