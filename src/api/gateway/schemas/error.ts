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

const ValidationError = z
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
