import { type BaseLogger, structuredLogger } from "@hono/structured-logger";
import type { Context, MiddlewareHandler } from "hono";
import { maskPath, maskText } from "../../ocpp/secret-text.ts";
import type { AppEnv, Principal } from "./context.ts";

const STACK_LENGTH_MAX = 4_000;
/**
 * One JSON line for each request, at its end: no headers, no bodies, no query. An unexpected error adds its stack.
 *
 * @param write [write=console.log] takes the finished line
 */
export function requestLog(write: (line: string) => void = console.log): MiddlewareHandler<AppEnv> {
  const startedAtMs = new WeakMap<Context, number>();
  const logger: BaseLogger = { info: writeLine, warn: writeLine, error: writeLine, debug: writeLine };
  function writeLine(entry: unknown): void {
    write(JSON.stringify(entry));
  }
  return structuredLogger({
    createLogger: (c) => {
      startedAtMs.set(c, Date.now());
      return logger;
    },
    onRequest: () => undefined,
    onResponse: (log, c) => {
      const durationMs = Date.now() - (startedAtMs.get(c) ?? Date.now());
      afterAnswer(c, () => log.info(entryOf(c, durationMs)));
    },
    onError: (log, err, c) =>
      log.info({
        ...entryOf(c, Date.now() - (startedAtMs.get(c) ?? Date.now())),
        ...causeOf(err, c.res.status),
      }),
  });
}

/** Writes a log line after the answer was sent. Without an execution context, as in plain Node, it is written now. */
function afterAnswer(c: Context<AppEnv>, write: () => void): void {
  try {
    c.executionCtx.waitUntil(new Promise<void>((resolve) => setTimeout(() => resolve(write()), 0)));
  } catch {
    write();
  }
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
