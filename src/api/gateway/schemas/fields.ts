import { z } from "@hono/zod-openapi";
import { IDENTITY_SHAPE, isIdentity } from "../../../ocpp/identity.ts";

const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/;

interface TextRules {
  min?: number;
  max?: number;
  pattern?: RegExp;
}

/** Text from a client. It is not trimmed. Control characters and lone surrogates, which Postgres refuses, are invalid. */
export function text({ min = 0, max, pattern }: TextRules = {}) {
  let schema = z
    .string()
    .refine((value) => !CONTROL_CHARACTER.test(value), {
      abort: true,
      error: "must not contain control characters",
    })
    .refine((value) => value.isWellFormed(), { abort: true, error: "must be well-formed Unicode" });
  if (min > 0) schema = schema.min(min, { abort: true });
  if (max !== undefined) schema = schema.max(max, { abort: true });
  return pattern ? schema.regex(pattern) : schema;
}

export const identity = text({ pattern: IDENTITY_SHAPE })
  .refine((value) => !IDENTITY_SHAPE.test(value) || isIdentity(value), {
    error: "must contain a letter or a digit",
  })
  .openapi({ example: "CP-FAST-201" });

/** A repeated query parameter; empty values count as absent. */
export function queryList(lengthMax: number) {
  return z
    .array(z.string())
    .max(lengthMax)
    .transform((values) => values.filter((value) => value !== ""))
    .optional()
    .openapi({
      type: "array",
      items: { type: "string" },
      maxItems: lengthMax,
      description: "Repeat the query parameter to target multiple chargers.",
    });
}

/** An optional text in a query string; an empty value counts as absent. */
export function queryText() {
  return z
    .string()
    .optional()
    .transform((value) => (value === "" ? undefined : value));
}

/** An optional value of a fixed set in a query string. */
export function queryWord<Word extends string>(words: readonly Word[]) {
  return queryText()
    .pipe(z.enum(words).optional())
    .openapi({ type: "string", enum: [...words] });
}

/** An optional `true` or `false` in a query string. */
export function queryBoolean() {
  return queryText()
    .transform((value, ctx) => {
      if (value === undefined || value === "true" || value === "false") return value && value === "true";
      ctx.addIssue({ code: "custom", params: { type: "bool_parsing" } });
      return z.NEVER;
    })
    .openapi({ type: "boolean" });
}

/** An integer in a query string; an empty value is not one. */
export function queryInteger(rules: { min: number; max: number; fallback: number }) {
  return z
    .string()
    .transform((value, ctx) => {
      if (/^[+-]?\d+(\.0+)?$/.test(value)) return Number(value);
      ctx.addIssue({ code: "custom", params: { type: "int_parsing" } });
      return z.NEVER;
    })
    .pipe(z.number().min(rules.min).max(rules.max))
    .prefault(String(rules.fallback))
    .openapi({ type: "integer", minimum: rules.min, maximum: rules.max, default: rules.fallback });
}

export const dateTime = z.string().openapi({ format: "date-time", example: "2026-04-02T09:15:00.000Z" });
