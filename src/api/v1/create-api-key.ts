import { z } from "@hono/zod-openapi";
import { createApiKey as create } from "../../fleet/create-api-key.ts";
import { text, timestamp } from "./fields.ts";
import { defineOperation } from "./surface.ts";

const role = z.enum(["owner", "service", "operator", "viewer"]);

const bodySchema = z.strictObject({
  name: text(1, 255),
  // No defaults: generators take a property that has one for a required one.
  role: role.optional().openapi({ description: "Absent: owner" }),
  environment: z.enum(["live", "test"]).optional().openapi({ description: "Absent: live" }),
});

export const createApiKey = defineOperation({
  method: "post",
  path: "/auth/api-keys",
  operationId: "createApiKey",
  summary: "Create an API key; it is shown once",
  tag: "API keys",
  role: "keyManager",
  body: { schema: bodySchema },
  success: {
    status: 201,
    description: "The key, shown once",
    schema: z.object({
      id: z.string(),
      name: z.string(),
      key: z.string(),
      prefix: z.string(),
      role,
      createdAt: timestamp,
    }),
  },
  handle: async ({ ports, organization, body }) => {
    const asked = { name: body.name, role: body.role ?? "owner", environment: body.environment ?? "live" };
    const { apiKey, key } = await create(ports, organization, asked);
    const { id, name, prefix, role: granted, createdAt } = apiKey;
    return { id, name, key, prefix, role: granted, createdAt: createdAt.toISOString() };
  },
});
