import { z } from "zod";
import type { Row } from "./sql.ts";

/** Column types as the HTTP driver delivers them: timestamptz is a Date, jsonb is parsed. */
export const timestamp = z.date();
export const itemError = z.object({ code: z.string(), message: z.string(), retryable: z.boolean() });

export function parseRows<T>(schema: z.ZodType<T>, rows: Row[]): T[] {
  return rows.map((row) => schema.parse(row));
}

export function firstRow<T>(schema: z.ZodType<T>, rows: Row[]): T | null {
  return rows[0] === undefined ? null : schema.parse(rows[0]);
}

/** A statement that always returns exactly one row. */
export function onlyRow<T>(schema: z.ZodType<T>, rows: Row[]): T {
  return schema.parse(rows[0]);
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Ids of any other spelling exist nowhere and must not reach a uuid cast. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** Null, or a Postgres array literal of the ids that can exist at all. */
export function uuidArray(ids: string[] | null): string | null {
  return ids === null ? null : `{${ids.filter(isUuid).join(",")}}`;
}
