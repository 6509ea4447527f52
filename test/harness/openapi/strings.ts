import fc from "fast-check";
import type { Schema } from "./document.ts";

const numberOf = (value: unknown, fallback: number) => (typeof value === "number" ? value : fallback);

const LENGTH_MAX = 2_100;

/** Strings that often break parsers, queries and logs. */
const NASTY = [
  "",
  " ",
  "null",
  "\u0000",
  "a\r\nb: c",
  "\ud800",
  "'; DROP TABLE chargers; --",
  "%00",
  "../../etc/passwd",
  "${jndi:ldap://x}",
  "__proto__",
  "𝒳é漢",
  "<script>alert(1)</script>",
];

// RFC 3339 knows four digits of a year.
const dates = fc.date({ noInvalidDate: true, min: new Date("1970-01-01"), max: new Date("9999-12-31") });

/** Strings that satisfy the schema: its examples and boundaries among them. */
export function stringOf(schema: Schema): fc.Arbitrary<string> {
  const format = schema["format"];
  if (format === "uuid") return fc.uuid();
  if (format === "date-time") return dates.map((date) => date.toISOString());
  if (format === "uri") return fc.webUrl({ withFragments: false });
  const min = numberOf(schema["minLength"], 0);
  const max = Math.min(numberOf(schema["maxLength"], LENGTH_MAX), LENGTH_MAX);
  const fits = (value: string) => [...value].length >= min && [...value].length <= max;
  const examples = typeof schema["example"] === "string" ? [fc.constant(schema["example"])] : [];
  const pattern = schema["pattern"];
  if (typeof pattern === "string") return fc.oneof(...examples, matching(pattern).filter(fits));
  const nasty = NASTY.filter(fits);
  return fc.oneof(
    ...examples,
    fc.string({ minLength: min, maxLength: Math.min(max, min + 20) }),
    fc.string({ minLength: min, maxLength: Math.min(max, min + 20), unit: "binary" }),
    fc.constantFrom("x".repeat(min), "x".repeat(max), "é".repeat(max)),
    ...(nasty.length > 0 ? [fc.constantFrom(...nasty)] : []),
  );
}

/** fast-check generates no look-ahead: without it more comes out, and what does not fit is dropped. */
function matching(pattern: string): fc.Arbitrary<string> {
  const whole = new RegExp(pattern, "u");
  const generated = new RegExp(pattern.replaceAll(/\(\?[=!].*?\)(?=[[(\w\\^.])/g, ""), "u");
  return fc.stringMatching(generated).filter((value) => whole.test(value));
}
