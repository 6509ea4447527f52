import { z } from "zod";
import type { Row } from "./sql.ts";

/** A timestamptz column, which the HTTP driver delivers as a Date. jsonb columns arrive parsed. */
export const timestamp = z.date();
/** Column `error` of chargers and jobs. */
export const itemError = z.object({ code: z.string(), message: z.string(), retryable: z.boolean() });

/** Checks and converts all rows. @throws ZodError: a row does not match the schema */
export function parseRows<T>(schema: z.ZodType<T>, rows: Row[]): T[] {
  return rows.map((row) => schema.parse(row));
}

/** Checks and converts the first row; null: no rows. */
export function firstRow<T>(schema: z.ZodType<T>, rows: Row[]): T | null {
  return rows[0] === undefined ? null : schema.parse(rows[0]);
}

/** Checks and converts the row of a statement that always returns exactly one. @throws ZodError */
export function onlyRow<T>(schema: z.ZodType<T>, rows: Row[]): T {
  return schema.parse(rows[0]);
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether a text has the shape of our ids. Other texts must not reach a cast to uuid, which would fail. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** Postgres array literal of the ids that are UUIDs; null stays null. */
export function uuidArray(ids: string[] | null): string | null {
  return ids === null ? null : `{${ids.filter(isUuid).join(",")}}`;
}
