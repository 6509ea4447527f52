import { z } from "@hono/zod-openapi";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../http/context.ts";
import type { Operation } from "./operation.ts";

const issue = z.object({
  location: z.enum(["body", "query", "path", "header"]),
  path: z.array(z.union([z.string(), z.int()])),
  code: z.string(),
  message: z.string(),
});

export const errorBody = z
  .object({
    success: z.literal(false),
    error: z.object({
      code: z.string(),
      message: z.string(),
      issues: z.array(issue).optional(),
      sent: z.boolean().optional(),
      missing: z
        .array(z.int())
        .optional()
        .openapi({ description: "Of INCOMPLETE_REPORT: numbers of the parts that never came, at most 100" }),
      ocppErrorCode: z.string().optional(),
      ocppErrorDescription: z.string().optional(),
      ocppAction: z.string().optional(),
      requestId: z.string().optional(),
    }),
  })
  .openapi("CommandApiError");

const REFUSALS: Record<number, string> = {
  400: "The request is invalid; `issues` lists every finding",
  401: "No valid credential",
  403: "The role is too small",
  404: "Unknown in this organisation",
  405: "The path has no such method",
  408: "The body did not arrive in time",
  409: "Conflicts with the present state",
  413: "The body is larger than 256 KiB",
  415: "The body is not JSON",
  422: "The Idempotency-Key was used with another body",
  429: "Over the rate limit",
  500: "Internal server error",
  502: "The charger answered with an error, or not by its schema",
  503: "The charger is not connected, or a dependency is down",
  504: "The charger did not answer in time, or not completely",
};

const EVERYWHERE = [400, 401, 403, 405, 429, 500, 503];
const WITH_BODY = [408, 413, 415];

/** Writes an operation into the OpenAPI document; validation itself is done in one place for all locations. */
export function documentOperation<P, Q, B>(app: OpenAPIHono<AppEnv>, operation: Operation<P, Q, B>): void {
  const { method, path, operationId, summary, tag, success, bodySchema } = operation;
  const statuses = [...EVERYWHERE, ...(bodySchema ? WITH_BODY : []), ...operation.refusals];
  const refusals = [...new Set(statuses)].map((status) => [
    status,
    jsonAnswer(REFUSALS[status] ?? "", errorBody),
  ]);
  app.openAPIRegistry.registerPath({
    method,
    path,
    operationId,
    summary,
    tags: [tag],
    security: [operation.role === "keyManager" ? { HTTPBearer: [] } : { ApiKey: [] }],
    request: {
      ...objectSchemas(operation),
      ...(bodySchema ? { body: { content: { "application/json": { schema: bodySchema } } } } : {}),
    },
    responses: {
      [success.status]: jsonAnswer(success.description, success.schema),
      ...Object.fromEntries(refusals),
    },
  });
}

function jsonAnswer(description: string, schema: z.ZodType) {
  return { description, content: { "application/json": { schema } } };
}

function objectSchemas<P, Q, B>({ pathSchema, querySchema }: Operation<P, Q, B>) {
  return {
    ...(pathSchema instanceof z.ZodObject ? { params: pathSchema } : {}),
    ...(querySchema instanceof z.ZodObject ? { query: querySchema } : {}),
  };
}
