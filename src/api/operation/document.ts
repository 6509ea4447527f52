import { type OpenAPIHono, type RouteConfig, z } from "@hono/zod-openapi";
import type { AppEnv } from "../http/context.ts";
import { IdempotencyHeader } from "../http/idempotency-key.ts";
import type { DocumentedAnswer, Operation, OperationBody, Surface } from "./operation.ts";

/** Writes an operation into the OpenAPI document of its router. */
export function documentOperation<Role extends string, Finding, P, Q, S, A, B>(
  router: OpenAPIHono<AppEnv>,
  surface: Surface<Role, Finding>,
  operation: Operation<Role, Finding, P, Q, S, A, B>,
): void {
  const { operationId, tag, summary, description, role, method, path, params, query, body } = operation;
  router.openAPIRegistry.registerPath({
    operationId,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: surface.security(role),
    method,
    path,
    request: {
      ...(params instanceof z.ZodObject ? { params } : {}),
      ...(query instanceof z.ZodObject ? { query } : {}),
      ...(operation.isIdempotent ? { headers: IdempotencyHeader } : {}),
      ...(body ? { body: requestBody(surface, body) } : {}),
    },
    responses: { ...successOf(operation), ...refusalsOf(surface, operation), ...operation.otherAnswers },
  });
}

/** A documented answer with a JSON body. */
export function jsonAnswer(description: string, schema: z.ZodType, headers?: z.ZodObject): DocumentedAnswer {
  const content = { "application/json": { schema } };
  return headers ? { description, content, headers } : { description, content };
}

function requestBody<Role extends string, Finding>(
  { body: { mediaTypes = ["application/json"] } }: Surface<Role, Finding>,
  { required, schema, mediaType }: OperationBody<unknown>,
) {
  const types = mediaType === undefined ? mediaTypes : [mediaType];
  const content = Object.fromEntries(types.map((type) => [type, { schema }]));
  return required === undefined ? { content } : { required, content };
}

function successOf<Role extends string, Finding, P, Q, S, A, B>({
  success: { status, description, schema, headers },
  isConditional,
}: Operation<Role, Finding, P, Q, S, A, B>): RouteConfig["responses"] {
  return {
    [status]: schema ? jsonAnswer(description, schema, headers) : { description },
    ...(isConditional ? { 304: { description: "Not modified" } } : {}),
  };
}

function refusalsOf<Role extends string, Finding, P, Q, S, A, B>(
  { refusals: { always, withBody, describe } }: Surface<Role, Finding>,
  { body, refusals = [] }: Operation<Role, Finding, P, Q, S, A, B>,
): RouteConfig["responses"] {
  const statuses = new Set([...always, ...(body ? withBody : []), ...refusals]);
  return Object.fromEntries([...statuses].map((status) => [status, describe(status)]));
}
