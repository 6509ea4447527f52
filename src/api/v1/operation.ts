import type { OpenAPIHono } from "@hono/zod-openapi";
import type { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { Forbidden } from "../../errors.ts";
import type { Organization, Ports } from "../../ports.ts";
import type { AppEnv } from "../http/context.ts";
import { readJsonBody } from "../http/json-body.ts";
import { actingOrganization, hasRole } from "../http/require-role.ts";
import type { MinimumRole } from "../http/require-role.ts";
import { documentOperation } from "./document.ts";
import { InvalidRequest, issuesOf } from "./issues.ts";
import type { Issue, IssueLocation } from "./issues.ts";

const BODY_BYTES_MAX = 256 * 1024;

/** A checked request. */
export interface V1Request<P, Q, B> {
  c: Context<AppEnv>;
  ports: Ports;
  organization: Organization;
  path: P;
  query: Q;
  body: B;
  /** The body as it came; `{}` when there was none. */
  rawBody: unknown;
}

/** One route of the surface. Its schemas validate, type and document it. */
export interface Operation<P, Q, B> {
  method: "get" | "post" | "put" | "patch" | "delete";
  /** With the placeholders of OpenAPI, e.g. `/chargers/{chargeBoxId}/reset`. */
  path: string;
  operationId: string;
  summary: string;
  tag: string;
  /** `keyManager`: a user's token with role owner, or a platform admin's. */
  role: MinimumRole | "keyManager";
  pathSchema: z.ZodType<P>;
  querySchema: z.ZodType<Q>;
  /** Null: a GET. */
  bodySchema: z.ZodType<B> | null;
  success: { status: 200 | 201 | 202; description: string; schema: z.ZodType };
  /** Refusals beyond those every route may give. */
  refusals: number[];
  handle: (request: V1Request<P, Q, B>) => Promise<Response>;
}

export type MountOperation = (app: OpenAPIHono<AppEnv>) => void;

/** Types an operation and hides its types, so that a router can hold many of them. */
export function defineOperation<P, Q, B>(operation: Operation<P, Q, B>): MountOperation {
  return function mountOperation(app) {
    documentOperation(app, operation);
    const route = operation.path.replaceAll(/\{(\w+)\}/g, ":$1");
    app.on(operation.method.toUpperCase(), route, async (c) => operation.handle(await check(c, operation)));
  };
}

/** Order of checks: role, media type and size, then everything that is wrong with the request together. */
async function check<P, Q, B>(
  c: Context<AppEnv>,
  operation: Operation<P, Q, B>,
): Promise<V1Request<P, Q, B>> {
  const organization = await authorize(c, operation.role);
  const rawBody = operation.bodySchema === null ? {} : await readBody(c);
  const issues: Issue[] = [];
  const path = validate("path", operation.pathSchema, c.req.param(), issues);
  const query = validate("query", operation.querySchema, c.req.query(), issues);
  const body = operation.bodySchema && validate("body", operation.bodySchema, rawBody, issues);
  if (issues.length > 0) throw new InvalidRequest(issues);
  return {
    c,
    ports: c.get("ports"),
    organization,
    path: path as P,
    query: query as Q,
    body: body as B,
    rawBody,
  };
}

async function authorize(
  c: Context<AppEnv>,
  role: Operation<unknown, unknown, unknown>["role"],
): Promise<Organization> {
  const principal = c.get("principal");
  if (role === "keyManager" && (principal.via !== "jwt" || principal.role === "service"))
    throw new Forbidden("role");
  const organization =
    role === "keyManager" ? await actingOrganization(c, principal) : principal.organization;
  if (!organization || !hasRole(principal.role, role === "keyManager" ? "owner" : role))
    throw new Forbidden("role");
  c.set("organization", organization);
  return organization;
}

async function readBody(c: Context<AppEnv>): Promise<unknown> {
  const deadlineMs = c.get("config").BODY_DEADLINE_SECONDS * 1000;
  const body = await readJsonBody(c.req.raw, { maxBytes: BODY_BYTES_MAX, deadlineMs });
  return body.kind === "empty" ? {} : body.value;
}

function validate<T>(
  location: IssueLocation,
  schema: z.ZodType<T>,
  input: unknown,
  issues: Issue[],
): T | undefined {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  issues.push(...issuesOf(location, input, result.error.issues));
  return undefined;
}
