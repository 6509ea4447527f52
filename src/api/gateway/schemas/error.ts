import { z } from "@hono/zod-openapi";
import type { ItemError as DomainItemError } from "../../../ports.ts";

export const HttpErrorResponse = z
  .object({
    detail: z.string().openapi({
      description: "Human-readable error message returned by the API.",
      example: "Charger not found",
    }),
  })
  .openapi("HttpErrorResponse");

export const ValidationError = z
  .object({
    loc: z.array(z.union([z.string(), z.number().int()])),
    msg: z.string(),
    type: z.string(),
    input: z.unknown().optional(),
    ctx: z.record(z.string(), z.unknown()).optional(),
  })
  .openapi("ValidationError", {
    example: { type: "missing", loc: ["body", "identity"], msg: "Field required", input: {} },
  });

export const HTTPValidationError = z
  .object({ detail: z.array(ValidationError) })
  .openapi("HTTPValidationError");

const errorShape = { code: z.string(), message: z.string(), retryable: z.boolean() };

export const ProvisioningError = z.object(errorShape).openapi("ProvisioningError", {
  description: "Branch on `code`; `retryable` says whether to submit again.",
  example: {
    code: "BOOT_TIMEOUT",
    message: "The CSMS did not accept the BootNotification within 90 s",
    retryable: true,
  },
});

export const ItemError = z.object(errorShape).openapi("ItemError");

export function itemError({ code, message, retryable }: DomainItemError): z.infer<typeof ItemError> {
  return { code, message, retryable };
}

const DESCRIPTIONS = {
  400: "Invalid request data",
  401: "Missing or invalid bearer token",
  403: "Insufficient permissions or missing required claims",
  404: "Not found",
  408: "The body did not arrive in time",
  409: "Conflict",
  413: "Request body too large",
  415: "Unsupported Media Type",
  429: "Rate limit exceeded",
  500: "Internal server error",
  503: "Service temporarily unavailable; nothing was stored",
} as const;

type ErrorStatus = keyof typeof DESCRIPTIONS;

const RetryHeaders = z.object({ "Retry-After": z.string().openapi({ description: "Seconds" }) });

function failure(status: ErrorStatus) {
  const content = { "application/json": { schema: HttpErrorResponse } };
  const description = DESCRIPTIONS[status];
  return status === 429 || status === 503
    ? { description, content, headers: RetryHeaders }
    : { description, content };
}

/** What every operation can answer beside its success. */
export const failures = {
  401: failure(401),
  403: failure(403),
  422: { description: "Validation Error", content: { "application/json": { schema: HTTPValidationError } } },
  429: failure(429),
  500: failure(500),
  503: failure(503),
};

/** What operations with a body can answer beside that. */
export const bodyFailures = { ...failures, 408: failure(408), 413: failure(413), 415: failure(415) };

export const invalid = { 400: failure(400) };
export const notFound = { 404: failure(404) };
export const conflict = { 409: failure(409) };
