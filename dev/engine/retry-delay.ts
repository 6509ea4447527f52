import { parseDelayExpression } from "./delay-expression.ts";
import { durationMs } from "./duration.ts";

const dayMs = 86_400_000;
const resetHeaders = [
  "retry-after",
  "x-ratelimit-reset",
  "x-ratelimit-reset-requests",
  "x-ratelimit-reset-tokens",
];

/**
 * Unscaled wait before the next attempt. The endpoint's wish comes first, then the expression
 * given at publish, then min(1 day, e^(2.5·n) s) for retry n.
 */
export function retryDelayMs(
  retried: number,
  expression: string | undefined,
  answerHeaders: Record<string, string[]>,
  nowMs: number,
): number {
  const wished = wishedDelayMs(answerHeaders, nowMs);
  if (wished !== undefined) return wished;
  if (expression === undefined) return Math.min(dayMs, Math.exp(2.5 * (retried + 1)) * 1000);
  const delayMs = parseDelayExpression(expression)(retried);
  return Number.isNaN(delayMs) ? 0 : Math.min(dayMs, Math.max(0, delayMs));
}

function wishedDelayMs(headers: Record<string, string[]>, nowMs: number): number | undefined {
  for (const [name, values] of Object.entries(headers)) {
    if (!resetHeaders.includes(name.toLowerCase())) continue;
    const text = values[0] ?? "";
    const date = Date.parse(text);
    const delayMs = durationMs(text) ?? (Number.isNaN(date) ? undefined : Math.max(0, date - nowMs));
    if (delayMs !== undefined && delayMs <= dayMs) return delayMs;
  }
  return undefined;
}
