import type { SessionFact } from "../../../ports.ts";
import { cutText } from "./cut-text.ts";

/**
 * A row of the object's storage takes 2 MB. A frame is smaller, but a number written out can take several times the place
 * that it had in its frame.
 */
const FACT_BYTES_MAX = 1_900_000;
/** UTF-8 bytes per UTF-16 code unit at most. */
const BYTES_PER_UNIT_MAX = 3;

/** What JSON writes for NUL and for half a character. */
const UNSTORABLE_ESCAPE = /\\u(?:0000|d[89a-f])/;

/**
 * A fact as JSON that Postgres takes: a station may send any text, but the database knows neither NUL nor half
 * characters, and no number beyond 64 bits. One fact it refuses would hold up all that come after.
 */
export function storableFact(fact: SessionFact): string {
  const json = storableJson(fact);
  if (fact.type !== "meterValues" || fits(json)) return json;
  return storableJson({ ...fact, values: [{ truncated: JSON.stringify(fact.values) }] });
}

function fits(json: string): boolean {
  if (json.length * BYTES_PER_UNIT_MAX <= FACT_BYTES_MAX) return true;
  return json.length <= FACT_BYTES_MAX && new TextEncoder().encode(json).length <= FACT_BYTES_MAX;
}

function storableJson(fact: SessionFact): string {
  const json = JSON.stringify(fact, (_key, value) => storableValue(value));
  // Values are clean by now, so names are to blame. They are looked at only then: hardly any station does this.
  if (!UNSTORABLE_ESCAPE.test(json)) return json;
  return JSON.stringify(fact, (_key, value) => storableNames(storableValue(value)));
}

function storableValue(value: unknown): unknown {
  if (typeof value === "number") return storableNumber(value);
  return typeof value === "string" ? storableText(value) : value;
}

function storableNames(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [storableText(name), inner]));
}

function storableText(text: string): string {
  return cutText(text).toWellFormed().replaceAll("\0", "");
}

function storableNumber(value: number): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value));
}
