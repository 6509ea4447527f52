import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { HTTPException } from "hono/http-exception";
import {
  Conflict,
  Forbidden,
  IdempotencyInFlight,
  IdempotencyMismatch,
  Limited,
  LimitReached,
  MaybeStored,
  NotFound,
  Policy,
  Unauthenticated,
  Unavailable,
} from "../../errors.ts";
import { BodyRefused } from "../../request-body.ts";
import { InvalidRequest } from "../operation/receive.ts";
import { CommandRefused } from "./command-refused.ts";
import type { Finding } from "./findings.ts";

interface ErrorAnswer {
  status: ContentfulStatusCode;
  detail: string | readonly Finding[];
  headers?: Record<string, string>;
}

/** `Retry-After` of limits that do not end by time. A 429 of this surface always has the header. */
const FULL_RETRY_AFTER_SECONDS = 60;

/** Error handler of the surface. Body: `{detail}`. An unknown error is a 500 without its message. */
export function gatewayError(error: Error, c: Context): Response {
  const { status, detail, headers } = answerTo(error);
  return c.json({ detail }, status, headers);
}

export function gatewayNotFound(c: Context): Response {
  return c.json({ detail: "Not Found" }, 404);
}

export function gatewayMethodNotAllowed(c: Context, methods: string[]): Response {
  return c.json({ detail: "Method Not Allowed" }, 405, { Allow: methods.join(", ") });
}

function answerTo(error: Error): ErrorAnswer {
  if (error instanceof InvalidRequest) return { status: 422, detail: error.findings };
  if (error instanceof IdempotencyMismatch) return { status: 422, detail: [keyReused()] };
  if (error instanceof NotFound) return { status: 404, detail: `${error.thing} not found` };
  if (error instanceof Policy) return { status: 400, detail: error.message };
  if (error instanceof Conflict) return { status: 409, detail: error.message };
  if (error instanceof Forbidden) return { status: 403, detail: error.message };
  if (error instanceof BodyRefused) return { status: error.status, detail: error.message };
  if (error instanceof CommandRefused)
    return {
      status: error.status,
      detail: error.message,
      ...(error.retryAfterSeconds !== null && { headers: retryAfter(error.retryAfterSeconds) }),
    };
  return refusalAnswer(error) ?? { status: 500, detail: "Internal server error" };
}

function refusalAnswer(error: Error): ErrorAnswer | null {
  if (error instanceof Unauthenticated)
    return {
      status: 401,
      detail: "Missing or invalid bearer token",
      headers: { "WWW-Authenticate": "Bearer" },
    };
  if (error instanceof LimitReached) {
    const headers = retryAfter(error.retryAfterSeconds ?? FULL_RETRY_AFTER_SECONDS);
    return { status: 429, detail: error.message, headers };
  }
  if (error instanceof Limited)
    return { status: 429, detail: "Rate limit exceeded", headers: retryAfter(error.retryAfterSeconds ?? 1) };
  if (error instanceof IdempotencyInFlight)
    return {
      status: 409,
      detail: "A request with this Idempotency-Key is still being processed",
      headers: retryAfter(1),
    };
  if (error instanceof MaybeStored) return { status: 503, detail: error.message, headers: retryAfter(1) };
  if (error instanceof Unavailable)
    return { status: 503, detail: "Service temporarily unavailable", headers: retryAfter(1) };
  if (error instanceof HTTPException && error.status < 500)
    return { status: error.status as ContentfulStatusCode, detail: "Bad Request" };
  return null;
}

function retryAfter(seconds: number): Record<string, string> {
  return { "Retry-After": String(seconds) };
}

function keyReused(): Finding {
  const msg = "Value error, this key was already used with a different request body";
  return { type: "value_error", loc: ["header", "Idempotency-Key"], msg };
}
