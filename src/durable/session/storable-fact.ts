import type { SessionFact } from "../../ports.ts";

const TEXT_LENGTH_MAX = 65_536;

/**
 * A fact as JSON that Postgres takes: a station may send any text, but the database knows neither NUL nor half
 * characters, and no number beyond 64 bits. One fact it refuses would hold up all that come after.
 */
export function storableFact(fact: SessionFact): string {
  return JSON.stringify(fact, (_key, value: unknown) => {
    if (typeof value === "number") return storableNumber(value);
    return typeof value === "string" ? storableText(value) : value;
  });
}

function storableText(text: string): string {
  return text.slice(0, TEXT_LENGTH_MAX).toWellFormed().replaceAll("\0", "");
}

function storableNumber(value: number): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value));
}
