import { z } from "@hono/zod-openapi";
import { NotFound } from "../../errors.ts";
import { accessState } from "../http/access-state.ts";
import { noBody } from "./fields.ts";
import { defineOperation } from "./surface.ts";

export const revokeApiKey = defineOperation({
  method: "delete",
  path: "/auth/api-keys/{keyId}",
  operationId: "revokeApiKey",
  summary: "Revoke an API key; effective within 10 seconds everywhere",
  tag: "API keys",
  role: "keyManager",
  params: z.object({ keyId: z.string() }),
  body: { schema: noBody },
  success: { status: 200, description: "Revoked", schema: z.object({ message: z.string() }) },
  refusals: [404],
  handle: async ({ c, ports, organization, path: { keyId } }) => {
    if (!(await ports.apiKeys.revoke(organization.id, keyId, ports.clock.now())))
      throw new NotFound("API key", keyId);
    accessState(c.get("config")).apiKeys.forget(({ key }) => key.id === keyId);
    return { message: "API key revoked successfully" };
  },
});
