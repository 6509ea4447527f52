import { z } from "@hono/zod-openapi";
import { rotateAuthorizationKey as rotate } from "../../commands/rotate-authorization-key.ts";
import type { RotationStatus } from "../../ports.ts";
import { chargeBoxId, chargerPath, noBody } from "./fields.ts";
import { defineOperation } from "./surface.ts";

const MESSAGES: Record<RotationStatus, string> = {
  accepted: "Authorization key changed; the old key is refused from now on",
  reboot_required:
    "Authorization key accepted; both keys are good until the charger logs in with the new one",
  rejected: "Authorization key rejected by charger; the old key stays",
  not_supported: "Authorization key not supported by charger; the old key stays",
  stored: "Charger is offline; both keys are good until it logs in with the new one",
  unknown: "Charger gave no answer; both keys are good until its next login decides",
};

export const rotateAuthorizationKey = defineOperation({
  method: "post",
  path: "/chargers/{chargeBoxId}/authorization-key",
  operationId: "rotateAuthorizationKey",
  summary: "Give a charger a new authorization key",
  tag: "Charger registration",
  role: "owner",
  params: chargerPath,
  body: { schema: noBody },
  success: {
    status: 200,
    description: "The new key, shown once; null when the charger refused it",
    schema: z.object({
      chargeBoxId,
      authorizationKey: z.string().nullable(),
      status: z.enum(["accepted", "reboot_required", "rejected", "not_supported", "stored", "unknown"]),
      message: z.string(),
    }),
  },
  refusals: [404, 409],
  handle: async ({ ports, organization, path }) => {
    const { status, authorizationKey } = await rotate(ports, organization, path.chargeBoxId);
    const message = MESSAGES[status];
    return { chargeBoxId: path.chargeBoxId, authorizationKey, status, message };
  },
});
