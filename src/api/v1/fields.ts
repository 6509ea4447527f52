import { z } from "@hono/zod-openapi";
import { IDENTITY_PATTERN } from "../../ocpp/identity.ts";

const IDENTITY_RULE = "must be 1 to 48 of A-Z a-z 0-9 * + = | @ . _ - with at least one letter or digit";

export const chargeBoxId = z
  .string()
  .regex(IDENTITY_PATTERN, IDENTITY_RULE)
  .openapi({ example: "CHARGER-001" });

// oxlint-disable-next-line no-control-regex -- control characters are what it refuses
const CONTROL = /^[^\u0000-\u001f\u007f]*$/;

/** Text from a client. It is not trimmed. Control characters and lone surrogates, which Postgres refuses, are invalid. */
export function text(lengthMin: number, lengthMax: number) {
  return z
    .string()
    .min(lengthMin)
    .max(lengthMax)
    .regex(CONTROL, "must not contain control characters")
    .refine((value) => value.isWellFormed(), "must be well-formed Unicode");
}

/** An integer in the query string. */
export function queryInteger(bounds: { min: number; max: number; fallback: number }) {
  return z
    .string()
    .regex(/^-?\d{1,15}$/, "must be an integer")
    .transform(Number)
    .pipe(z.number().min(bounds.min).max(bounds.max))
    .optional()
    .transform((value) => value ?? bounds.fallback)
    .openapi({ type: "integer", minimum: bounds.min, maximum: bounds.max, default: bounds.fallback });
}

export const pagination = z.object({ total: z.int(), limit: z.int(), offset: z.int() });

export const page = {
  limit: queryInteger({ min: 1, max: 200, fallback: 50 }),
  offset: queryInteger({ min: 0, max: Number.MAX_SAFE_INTEGER, fallback: 0 }),
};

export const chargerPath = z.object({ chargeBoxId });
/** Body of operations that take no fields: empty or `{}`. Any field is refused. */
export const noBody = z.strictObject({});

export const timestamp = z.iso.datetime();

const INT32_MAX = 2_147_483_647;

/** The number of a connector; on OCPP 2.x, that of an EVSE. */
export function connectorNumber(minimum: 0 | 1) {
  return z.int().min(minimum).max(INT32_MAX).openapi({ example: 1 });
}
