import type { Context } from "hono";
import { maskPath, maskText } from "../../ocpp/secret-text.ts";
import type { AppEnv, Principal } from "./context.ts";

const STACK_LENGTH_MAX = 4_000;

/** Writes one JSON line for a request that was answered: no headers, no bodies, no query. An unexpected error adds its stack. */
export function logRequest(c: Context<AppEnv>, startedAtMs: number, write: (line: string) => void): void {
  const durationMs = Date.now() - startedAtMs;
  const { error } = c;
  const entry = entryOf(c, durationMs);
  write(JSON.stringify(error ? { ...entry, ...causeOf(error, c.res.status) } : entry));
}

function entryOf(c: Context<AppEnv>, durationMs: number): Record<string, unknown> {
  const principal: Principal | undefined = c.get("principal");
  const organization = c.get("organization") ?? principal?.organization;
  return {
    level: c.res.status >= 500 ? "error" : "info",
    event: "request",
    requestId: c.get("requestId"),
    traceparent: c.req.header("traceparent")?.slice(0, 64),
    method: c.req.method,
    path: maskPath(c.req.path),
    status: c.res.status,
    durationMs,
    organization: organization?.slug,
    subject: principal?.subject,
  };
}

/** The name of a refusal; of an unexpected error also the stack. */
function causeOf(err: Error, status: number): Record<string, unknown> {
  const error = err.name === "Error" ? err.constructor.name : err.name;
  if (status < 500) return { error };
  const cause = err.cause instanceof Error ? err.cause.stack : undefined;
  const stack = [err.stack ?? err.message, ...(cause ? [`caused by ${cause}`] : [])].join("\n");
  return { error, stack: maskText(stack).slice(0, STACK_LENGTH_MAX) };
}
