import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { AppEnv } from "../http/context.ts";
import { rateLimit } from "../http/rate-limit.ts";
import { requireRole } from "../http/require-role.ts";
import { jsonAnswer } from "../operation/document.ts";
import type { DocumentedAnswer } from "../operation/operation.ts";
import { operationsOf } from "../operation/operations-of.ts";
import { type Finding, findingsOf, isListSchema, malformedJson } from "./findings.ts";
import { HttpErrorResponse, HTTPValidationError } from "./schemas/error.ts";

/** `anyone`: a valid credential, with or without organisation. The others act in the caller's organisation. */
type GatewayRole = "anyone" | "viewer" | "operator";

const REFUSALS: Record<number, string> = {
  400: "Invalid request data",
  401: "Missing or invalid bearer token",
  403: "Insufficient permissions or missing required claims",
  404: "Not found",
  405: "Method Not Allowed",
  408: "The body did not arrive in time",
  409: "Conflict",
  413: "Request body too large",
  415: "Unsupported Media Type",
  429: "Rate limit exceeded",
  500: "Internal server error",
  502: "The charger answered with an error or an invalid message",
  503: "Service temporarily unavailable; nothing was stored",
  504: "The charger did not answer in time",
};

const RetryHeaders = z.object({ "Retry-After": z.string().openapi({ description: "Seconds" }) });

/**
 * Declares an operation of `/ocpp`. Order of checks: 401, 403, 429, 413 and 415, 422 with all findings at once, then 404,
 * 400, 409 and the work itself. Ids in a path are opaque: a malformed one is answered like an unknown one.
 */
export const defineOperation = operationsOf<GatewayRole, Finding>({
  admit: (role) => [
    role === "anyone" ? requireRole("viewer", { tenant: false }) : requireRole(role, { tenant: true }),
    rateLimit(),
  ],
  security: (role) => [{ HTTPBearer: role === "anyone" ? [] : [role] }],
  body: { maxBytes: 1024 * 1024, nullIsEmpty: true },
  checksPath: false,
  queryValues,
  findings: ({ part, schema, input, error }) => findingsOf(error, schema, input, [part]),
  malformedJson: ({ offset, message }) => malformedJson(offset, message),
  refusals: { always: [401, 403, 405, 422, 429, 500, 503], withBody: [408, 413, 415], describe },
});

function describe(status: number): DocumentedAnswer {
  if (status === 422) return jsonAnswer("Validation Error", HTTPValidationError);
  const headers = status === 429 || status === 503 ? RetryHeaders : undefined;
  return jsonAnswer(REFUSALS[status] ?? "", HttpErrorResponse, headers);
}

/** The parameters of the schema. Of a repeated parameter that is not a list the last value wins. */
function queryValues(c: Context<AppEnv>, schema: unknown): Record<string, string | string[]> {
  if (!(schema instanceof z.ZodObject)) return {};
  const entries = Object.entries(schema.shape).flatMap(
    ([name, field]): Array<[string, string | string[]]> => {
      const values = c.req.queries(name);
      const last = values?.at(-1);
      if (values === undefined || last === undefined) return [];
      return [[name, isListSchema(field) ? values : last]];
    },
  );
  return Object.fromEntries(entries);
}
