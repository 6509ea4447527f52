import { z } from "@hono/zod-openapi";
import { NotFound } from "../../errors.ts";
import { createApiKey as create } from "../../fleet/keys/create-api-key.ts";
import { accessState } from "../http/access-state.ts";
import { noBody, text, timestamp } from "./fields.ts";
import { defineOperation } from "./surface.ts";

const role = z.enum(["owner", "service", "operator", "viewer"]);

const bodySchema = z.strictObject({
  name: text(1, 255),
  // No defaults: client generators make a property with a default required.
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
