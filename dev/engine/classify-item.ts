import { validateHeaderName, validateHeaderValue } from "node:http";
import type { DeliveryConfig } from "./config-table.ts";
import { parseDelayExpression } from "./delay-expression.ts";
import { durationMs } from "./duration.ts";
import type { FlowControl } from "./flow-lanes.ts";
import type { PlanLimits } from "./plan-limits.ts";
import { Refusal } from "./api-answer.ts";

/** A published message as it arrived; header names in lower case. */
export interface RawItem {
  destination: string;
  headers: Record<string, string>;
  body: string;
}

export type Item =
  | { kind: "start"; runId: string; url: string; body: string; delayMs: number; config: DeliveryConfig }
  | { kind: "append"; runId: string; url: string; body: string; delayMs: number }
  | { kind: "plain"; url: string; body: string; delayMs: number; config: DeliveryConfig; dedupId?: string };

export interface PublishRules {
  limits: PlanLimits;
  isAllowed(url: string): boolean;
  nowMs(): number;
}

const defaultRetries = 3;
const unsupported = [
  "upstash-callback",
  "upstash-workflow-invoke",
  "upstash-workflow-calltype",
  "upstash-cron",
];

/** Parses a published message: a run to start, a step of a run or a plain message. Writes nothing. @throws Refusal */
export function classifyItem({ destination: url, headers, body }: RawItem, rules: PublishRules): Item {
  if (!rules.isAllowed(url)) throw new Refusal(400, `destination ${url} is not allowed`);
  if (Buffer.byteLength(body) > rules.limits.messageBytesMax) throw new Refusal(413, "message is too large");
  for (const name of unsupported) {
    // With a 412 the SDK fails the run; it ignores a 400.
    if (headers[name] !== undefined) throw new Refusal(412, `${name} is not supported by this engine`);
  }
  const delayMs = publishDelayMs(headers, rules);
  const runId = headers["upstash-workflow-runid"];
  if (!runId) {
    const config = deliveryConfig(headers, "upstash-", rules);
    const dedupId = headers["upstash-deduplication-id"];
    return { kind: "plain", url, body, delayMs, config, ...(dedupId ? { dedupId } : {}) };
  }
  if (headers["upstash-workflow-init"] !== "true") return { kind: "append", runId, url, body, delayMs };
  return { kind: "start", runId, url, body, delayMs, config: deliveryConfig(headers, "upstash-", rules) };
}

function publishDelayMs(headers: Record<string, string>, { limits, nowMs }: PublishRules): number {
  const notBefore = headers["upstash-not-before"];
  const delay = headers["upstash-delay"];
  if (notBefore === undefined && delay === undefined) return 0;
  const delayMs =
    notBefore === undefined ? durationMs(delay ?? "") : Math.max(0, Number(notBefore) * 1000 - nowMs());
  if (delayMs === undefined || Number.isNaN(delayMs)) throw new Refusal(400, "invalid delay");
  if (delayMs > limits.delayMsMax) throw new Refusal(400, "delay is longer than the plan allows");
  return delayMs;
}

function deliveryConfig(
  headers: Record<string, string>,
  prefix: string,
  rules: PublishRules,
): DeliveryConfig {
  const failureUrl = prefix === "upstash-" ? headers["upstash-failure-callback"] : undefined;
  const retryDelay = headers[`${prefix}retry-delay`];
  if (retryDelay !== undefined) checkExpression(retryDelay);
  const timeoutMs = durationMs(headers[`${prefix}timeout`] ?? "");
  const flow = flowControl(headers[`${prefix}flow-control-key`], headers[`${prefix}flow-control-value`]);
  return {
    method: headers[`${prefix}method`] ?? "POST",
    contentType: headers["content-type"] ?? "application/json",
    headers: forwardHeaders(headers, `${prefix}forward-`),
    retries: retries(headers[`${prefix}retries`], rules.limits),
    ...(retryDelay === undefined ? {} : { retryDelay }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(flow ? { flow } : {}),
    labels: (headers["upstash-label"] ?? "").split(",").filter(Boolean),
    canFetchLazily: (headers["upstash-feature-set"] ?? "").includes("LazyFetch"),
    ...(failureUrl ? { failure: failureConfig(failureUrl, headers, rules) } : {}),
  };
}

function failureConfig(url: string, headers: Record<string, string>, rules: PublishRules) {
  if (!rules.isAllowed(url)) throw new Refusal(400, `failure callback ${url} is not allowed`);
  const prefix = "upstash-failure-callback-";
  const config = {
    ...deliveryConfig(headers, prefix, rules),
    contentType: "application/json",
    method: "POST",
  };
  return { url, config };
}

function forwardHeaders(headers: Record<string, string>, prefix: string): Record<string, string> {
  const forwarded: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(prefix)) continue;
    const forwardedName = name.slice(prefix.length);
    try {
      validateHeaderName(forwardedName);
      validateHeaderValue(forwardedName, value);
    } catch {
      throw new Refusal(400, `header ${forwardedName} cannot be forwarded`);
    }
    forwarded[forwardedName] = value;
  }
  return forwarded;
}

function retries(text: string | undefined, { retriesMax }: PlanLimits): number {
  if (text === undefined) return defaultRetries;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 0) throw new Refusal(400, "invalid number of retries");
  if (count > retriesMax) throw new Refusal(412, `more than ${retriesMax} retries exceed the plan`);
  return count;
}

function checkExpression(text: string): void {
  try {
    parseDelayExpression(text);
  } catch (err) {
    throw new Refusal(400, err instanceof SyntaxError ? err.message : "invalid retry delay");
  }
}

function flowControl(key: string | undefined, value: string | undefined): FlowControl | undefined {
  if (!key) return undefined;
  if (!/^[A-Za-z0-9_.-]+$/.test(key)) throw new Refusal(400, "invalid flow-control key");
  const flow: FlowControl = { key };
  for (const part of (value ?? "").split(",")) {
    const [name = "", text = ""] = part.split("=").map((side) => side.trim());
    if (name === "period") flow.periodMs = durationMs(text) ?? 1000;
    else if (name === "parallelism") flow.parallelism = positive(name, text);
    else if (name === "rate") flow.rate = positive(name, text);
  }
  if (flow.parallelism === undefined && flow.rate === undefined) {
    throw new Refusal(400, "flow control needs parallelism or rate");
  }
  return flow;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Refusal(400, `invalid flow-control ${name}`);
  return value;
}
