import { z } from "@hono/zod-openapi";
import { setRegistration as set } from "../../commands/set-registration.ts";
import { chargeBoxId, chargerPath } from "./fields.ts";
import { defineOperation } from "./surface.ts";

const status = z.enum(["Accepted", "Pending", "Rejected"]);

export const setRegistration = defineOperation({
  method: "put",
  path: "/chargers/{chargeBoxId}/registration",
  operationId: "setChargerRegistration",
  summary: "Set what the next BootNotification is answered; a waiting charger is asked for one when accepted",
  tag: "Charger registration",
  role: "owner",
  params: chargerPath,
  body: { schema: z.strictObject({ status }) },
  success: {
    status: 200,
    description: "Stored",
    schema: z.object({ chargeBoxId, status }),
  },
  refusals: [404],
  handle: async ({ ports, organization, path, body }) => {
    await set(ports, organization, path.chargeBoxId, body.status);
    return { chargeBoxId: path.chargeBoxId, status: body.status };
  },
});
