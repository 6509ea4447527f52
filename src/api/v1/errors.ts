import type { Context } from "hono";
import {
  Conflict,
  CursorExpired,
  Forbidden,
  IdempotencyInFlight,
  IdempotencyMismatch,
  Limited,
  MaybeStored,
  NotFound,
  Policy,
  Unauthenticated,
  Unavailable,
  UpgradeRequired,
} from "../../errors.ts";
import { Misconfigured } from "../../env.ts";
import type { AppEnv } from "../http/context.ts";
import { BodyRefused } from "../../request-body.ts";
import { MalformedJson } from "../http/json-body.ts";
import { CommandFailed } from "./command-failure.ts";
import { InvalidRequest } from "../operation/receive.ts";
import type { Issue, V1Refusal } from "./issues.ts";

const UNAVAILABLE_RETRY_SECONDS = 5;

/** Error handler of the surface. Body: `{success: false, error: {code, message, …}}`. */
export function v1Error(err: unknown, c: Context<AppEnv>): Response {
  return sendRefusal(c, refusalOf(err, credentialSchemeOf(c.req.path)));
}

export function v1NotFound(c: Context<AppEnv>): Response {
  return sendRefusal(c, { status: 404, code: "NOT_FOUND", message: "Route not found" });
}

export function v1MethodNotAllowed(c: Context<AppEnv>, methods: string[]): Response {
  const headers = { Allow: methods.join(", ") };
  return sendRefusal(c, { status: 405, code: "METHOD_NOT_ALLOWED", message: "Method Not Allowed", headers });
}

function sendRefusal(c: Context<AppEnv>, refusal: V1Refusal): Response {
  const { status, code, message, extra, headers } = refusal;
  const requestId = status >= 500 ? { requestId: c.get("requestId") } : {};
  return c.json({ success: false, error: { code, message, ...extra, ...requestId } }, status, headers);
}

/** Keys are managed with a Bearer token, everything else is done with an API key. */
export function credentialSchemeOf(path: string): "Bearer" | "ApiKey" {
  return path.startsWith("/api/v1/auth/") ? "Bearer" : "ApiKey";
}

/** The refusal for an error. An unknown error is a 500 without its message. */
export function refusalOf(err: unknown, scheme: "Bearer" | "ApiKey" = "ApiKey"): V1Refusal {
  if (err instanceof CommandFailed) return err.refusal;
  return requestRefusal(err, scheme) ?? stateRefusal(err) ?? infrastructureRefusal(err);
}

function requestRefusal(err: unknown, scheme: "Bearer" | "ApiKey"): V1Refusal | null {
  if (err instanceof Unauthenticated) return unauthorized(scheme);
  if (err instanceof Forbidden) return { status: 403, code: "FORBIDDEN", message: err.message };
  if (err instanceof Limited) return limited(err);
  if (err instanceof InvalidRequest) return invalid(err.findings);
  if (err instanceof MalformedJson)
    return invalid([
      { location: "body", path: [], code: "invalid_json", message: "Request body is not JSON" },
    ]);
  if (err instanceof BodyRefused) return refusedBody(err);
  if (err instanceof Policy)
    return invalid([{ location: "body", path: [], code: "not_allowed", message: err.message }]);
  return null;
}

function stateRefusal(err: unknown): V1Refusal | null {
  if (err instanceof NotFound) {
    const message = err.id === null ? `${err.thing} not found` : `${err.thing} ${err.id} not found`;
    return { status: 404, code: "NOT_FOUND", message };
  }
  if (err instanceof Conflict) return { status: 409, code: "CONFLICT", message: err.message };
  if (err instanceof CursorExpired) return expired(err);
  if (err instanceof UpgradeRequired) {
    const headers = { Upgrade: "websocket", Connection: "Upgrade" };
    return { status: 426, code: "UPGRADE_REQUIRED", message: "This path serves WebSocket upgrades", headers };
  }
  if (err instanceof IdempotencyMismatch) {
    const message = "This Idempotency-Key was already used with a different request body";
    return { status: 422, code: "IDEMPOTENCY_KEY_REUSED", message };
  }
  if (err instanceof IdempotencyInFlight) {
    const message = "A request with this Idempotency-Key is still being processed";
    return { status: 409, code: "CONFLICT", message, headers: { "Retry-After": "1" } };
  }
  return null;
}

function expired({ message, oldest }: CursorExpired): V1Refusal {
  const extra = { oldest: oldest && { id: oldest.id, timestamp: oldest.at.toISOString() } };
  return { status: 410, code: "CURSOR_EXPIRED", message, extra };
}

function infrastructureRefusal(err: unknown): V1Refusal {
  if (err instanceof Unavailable || err instanceof Misconfigured) {
    const headers = { "Retry-After": String(UNAVAILABLE_RETRY_SECONDS) };
    const message = err instanceof MaybeStored ? err.message : "Service temporarily unavailable";
    return { status: 503, code: "SERVICE_UNAVAILABLE", message, headers };
  }
  return { status: 500, code: "INTERNAL_ERROR", message: "Internal server error" };
}

function unauthorized(scheme: "Bearer" | "ApiKey"): V1Refusal {
  const message = scheme === "ApiKey" ? "Invalid or inactive API key" : "Missing or invalid bearer token";
  return { status: 401, code: "UNAUTHORIZED", message, headers: { "WWW-Authenticate": scheme } };
}

function limited(err: Limited): V1Refusal {
  const refusal: V1Refusal = { status: 429, code: "RATE_LIMIT_ERROR", message: err.message };
  if (err.retryAfterSeconds === null) return refusal;
  return { ...refusal, headers: { "Retry-After": String(err.retryAfterSeconds) } };
}

function invalid(issues: readonly Issue[]): V1Refusal {
  return { status: 400, code: "VALIDATION_ERROR", message: "Request validation failed", extra: { issues } };
}

function refusedBody(err: BodyRefused): V1Refusal {
  const code = { 408: "REQUEST_TIMEOUT", 413: "PAYLOAD_TOO_LARGE", 415: "UNSUPPORTED_MEDIA_TYPE" }[
    err.status
  ];
  return { status: err.status, code, message: err.message };
}
