import { z } from "@hono/zod-openapi";
import { timestamp } from "./fields.ts";
import { defineOperation } from "./surface.ts";

const listed = z.object({
  id: z.string(),
  name: z.string(),
  prefix: z.string(),
  role: z.string(),
  lastUsed: timestamp.nullable(),
  createdAt: timestamp,
});

export const listApiKeys = defineOperation({
  method: "get",
  path: "/auth/api-keys",
  operationId: "listApiKeys",
  summary: "List the organisation's API keys",
  tag: "API keys",
  role: "keyManager",
  success: { status: 200, description: "Live keys", schema: z.object({ apiKeys: z.array(listed) }) },
  handle: async ({ ports, organization }) => {
    const keys = await ports.apiKeys.list(organization.id);
    const apiKeys = keys.map(({ id, name, prefix, role, lastUsedAt, createdAt }) => ({
      id,
      name,
      prefix,
      role,
      lastUsed: lastUsedAt?.toISOString() ?? null,
      createdAt: createdAt.toISOString(),
    }));
    return { apiKeys };
  },
});
