import { z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { Forbidden } from "../../errors.ts";
import type { AppEnv } from "../http/context.ts";
import { apiKeyOrTicket, authenticate } from "../http/principal.ts";
import { actingOrganization, hasRole, type MinimumRole } from "../http/require-role.ts";
import { jsonAnswer } from "../operation/document.ts";
import { operationsOf } from "../operation/operations-of.ts";
import { authenticateBearer } from "../settings/authenticate-settings.ts";
import { credentialSchemeOf } from "./errors.ts";
import { type Issue, issuesOf } from "./issues.ts";

/** `keyManager`: a user's token with role owner, or a platform admin's. */
type V1Role = MinimumRole | "keyManager";

const issue = z.object({
  location: z.enum(["body", "query", "path", "header"]),
  path: z.array(z.union([z.string(), z.int()])),
  code: z.string(),
  message: z.string(),
});

const errorBody = z
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
      oldest: z
        .object({ id: z.string(), timestamp: z.iso.datetime() })
        .nullish()
        .openapi({ description: "Of CURSOR_EXPIRED: the first event that is kept; null: none is" }),
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
  410: "The cursor is unknown or too old; `oldest` is the first event that is kept",
  413: "The body is larger than 256 KiB",
  415: "The body is not JSON",
  426: "The request is no WebSocket upgrade",
  422: "The Idempotency-Key was used with another body",
  429: "Over the rate limit",
  500: "Internal server error",
  502: "The charger answered with an error, or not by its schema",
  503: "The charger is not connected, or a dependency is down",
  504: "The charger did not answer in time, or not completely",
};

/**
 * Declares an operation of `/api/v1`. Order of checks: 401 and 429 for every path (see `v1Router`), 403, 413 and 415, 400
 * with all findings at once, then 404, 409 and the work itself.
 */
export const defineOperation = operationsOf<V1Role, Issue>({
  admit: (role) => [requireV1Role(role)],
  security: (role): Array<Record<string, string[]>> => [
    role === "keyManager" ? { HTTPBearer: ["owner"] } : { ApiKey: [role] },
  ],
  body: { maxBytes: 256 * 1024, nullIsEmpty: false },
  checksPath: true,
  queryValues: (c) => c.req.query(),
  findings: ({ part, input, error }) => issuesOf(part, input, error.issues),
  refusals: {
    always: [400, 401, 403, 405, 429, 500, 503],
    withBody: [408, 413, 415],
    describe: (status) => jsonAnswer(REFUSALS[status] ?? "", errorBody),
  },
});

/**
 * Authenticates by `X-API-Key`. Key management wants a Bearer token and ignores API keys, unless there is no token: then
 * the caller is known and refused by role. A token of the settings surface is known and refused in the same way.
 */
export function authenticateV1(): MiddlewareHandler<AppEnv> {
  return async function authenticateV1(c, next) {
    const isKeyManagement = credentialSchemeOf(c.req.path) === "Bearer";
    const useBearer = isKeyManagement && c.req.header("authorization") !== undefined;
    await (useBearer ? authenticateBearer(c) : authenticate(c, apiKeyOrTicket(c)));
    await next();
  };
}

/** Sets `organization`. @throws Forbidden */
function requireV1Role(role: V1Role): MiddlewareHandler<AppEnv> {
  return async function requireV1Role(c, next) {
    const principal = c.get("principal");
    if (role === "keyManager" && (principal.via !== "jwt" || principal.role === "service"))
      throw new Forbidden("role");
    const organization =
      role === "keyManager" ? await actingOrganization(c, principal) : principal.organization;
    if (!organization || !hasRole(principal.role, role === "keyManager" ? "owner" : role))
      throw new Forbidden("role");
    c.set("organization", organization);
    await next();
  };
}
