import type { Context } from "hono";
import { Misconfigured } from "../../env.ts";
import { Forbidden, Limited, MaybeStored, NotFound, Unauthenticated, Unavailable } from "../../errors.ts";
import { FuseLimitExceeded } from "../../settings/update-settings.ts";
import { BodyRefused } from "../../request-body.ts";
import type { AppEnv } from "../http/context.ts";
import { MalformedJson } from "../http/json-body.ts";
import { InvalidRequest } from "../operation/receive.ts";

const INTERNAL = 500;
const UNKNOWN = 512;
const INVALID = 529;
const FORBIDDEN = 533;
const CONSTRAINT = 539;

interface Refusal {
  status: 400 | 401 | 403 | 404 | 408 | 413 | 415 | 429 | 500 | 503;
  code: number;
  details: string;
  headers?: Record<string, string>;
}

/** Error handler of the surface. Body: `{Code, Details, StackTrace}`. */
export function settingsError(err: Error, c: Context<AppEnv>): Response {
  const { status, code, details, headers } = accessRefusal(err) ?? requestRefusal(err) ?? failure(err);
  return c.json(body(code, details), status, headers);
}

function accessRefusal(err: Error): Refusal | null {
  if (err instanceof Unauthenticated) {
    const headers = { "WWW-Authenticate": 'Bearer error="invalid_token"' };
    return { status: 401, code: FORBIDDEN, details: "Missing or invalid bearer token", headers };
  }
  if (err instanceof Forbidden) return { status: 403, code: FORBIDDEN, details: err.message };
  if (err instanceof Limited) {
    const headers = { "Retry-After": String(err.retryAfterSeconds ?? 1) };
    return { status: 429, code: INTERNAL, details: err.message, headers };
  }
  return null;
}

function requestRefusal(err: Error): Refusal | null {
  if (err instanceof NotFound)
    return {
      status: 404,
      code: UNKNOWN,
      details: `${err.thing} ${err.id ?? ""} not found`.replace("  ", " "),
    };
  if (err instanceof FuseLimitExceeded) return { status: 400, code: CONSTRAINT, details: err.message };
  if (err instanceof InvalidRequest) return { status: 400, code: INVALID, details: err.findings.join("; ") };
  if (err instanceof MalformedJson) return { status: 400, code: INVALID, details: "The body is not JSON" };
  if (err instanceof BodyRefused) return { status: err.status, code: INVALID, details: err.message };
  return null;
}

function failure(err: Error): Refusal {
  if (err instanceof Unavailable || err instanceof Misconfigured) {
    const headers = { "Retry-After": "5" };
    const details = err instanceof MaybeStored ? err.message : "Service temporarily unavailable";
    return { status: 503, code: INTERNAL, details, headers };
  }
  return { status: 500, code: INTERNAL, details: "Internal server error" };
}

export function settingsNotFound(c: Context<AppEnv>): Response {
  return c.json(body(UNKNOWN, "Not Found"), 404);
}

export function settingsMethodNotAllowed(c: Context<AppEnv>, methods: string[]): Response {
  return c.json(body(INVALID, "Method Not Allowed"), 405, { Allow: methods.join(", ") });
}

function body(code: number, details: string) {
  return { Code: code, Details: details, StackTrace: null };
}
