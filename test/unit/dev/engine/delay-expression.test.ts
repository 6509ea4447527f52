import fc from "fast-check";
import { expect, test } from "vitest";
import { parseDelayExpression } from "../../../../dev/engine/delay-expression.ts";
import { retryDelayMs } from "../../../../dev/engine/retry-delay.ts";

test.each([
  ["1000", 0, 1000],
  ["1000 * (1 + retried)", 2, 3000],
  ["2000 * pow(5, retried)", 2, 50_000],
  ["10 - 4 - 3", 0, 3],
  ["2 + 3 * 4 / 2", 0, 8],
  ["-retried + 5", 2, 3],
  ["--2", 0, 2],
  ["max(1, min(retried, 3))", 9, 3],
  ["round(1.5) + floor(1.9) + ceil(1.1) + abs(-1) + sqrt(4) + exp(0)", 0, 9],
])("%s after %i retries is %i", (text, retried, expected) => {
  expect(parseDelayExpression(text)(retried)).toBe(expected);
});

test.each([
  "",
  "1 +",
  "(1",
  "1)",
  "pow(1)",
  "pow(1,2,3)",
  "x",
  "retries",
  "1;2",
  "constructor(1)",
  "1 2",
  "process.exit()",
  "1".repeat(257),
])("%j is refused", (text) => {
  expect(() => parseDelayExpression(text)).toThrow(SyntaxError);
});

test("any text either parses or is a syntax error", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."0123.+-*/(), retidpowmxn") }), (text) => {
      try {
        expect(typeof parseDelayExpression(text)(1)).toBe("number");
      } catch (err) {
        expect(err).toBeInstanceOf(SyntaxError);
      }
    }),
  );
});

const nowMs = Date.UTC(2026, 0, 1);
const dayMs = 86_400_000;

test.each([
  [{ "Retry-After": ["7"] }, 7000],
  [{ "Retry-After": ["Thu, 01 Jan 2026 00:01:00 GMT"] }, 60_000],
  [{ "Retry-After": ["Thu, 01 Jan 2015 00:01:00 GMT"] }, 0],
  [{ "X-Ratelimit-Reset-Requests": ["6m5s"] }, 365_000],
  [{ "Retry-After": ["90000"] }, 5],
  [{ "Retry-After": ["soon"] }, 5],
  [{}, 5],
])("an answer with %j is retried after %i ms", (headers, expected) => {
  expect(retryDelayMs(0, "5", headers, nowMs)).toBe(expected);
});

test("without a retry time in the answer and an expression the delay is min(1 day, e^(2.5·n) s)", () => {
  const waits = [0, 1, 2, 3, 4].map((retried) =>
    Math.round(retryDelayMs(retried, undefined, {}, nowMs) / 1000),
  );
  expect(waits).toEqual([12, 148, 1808, 22026, 86_400]);
});

test("the delay of an expression is between 0 and one day", () => {
  const waits = ["-5", "1/0", "sqrt(-1)", "exp(99)"].map((text) => retryDelayMs(0, text, {}, nowMs));
  expect(waits).toEqual([0, dayMs, 0, dayMs]);
});
