import type { Context } from "hono";
import { Unavailable } from "../../errors.ts";
import type { AppEnv } from "./context.ts";

const INTERNAL = 500;
const UNKNOWN = 512;
const INVALID = 529;

/** `{Code, Details, StackTrace}`: the format of the settings paths. */
export function settingsError(err: Error, c: Context<AppEnv>): Response {
  if (err instanceof Unavailable)
    return c.json(body(INTERNAL, "Service temporarily unavailable"), 503, { "Retry-After": "5" });
  return c.json(body(INTERNAL, "Internal server error"), 500);
}

export function settingsNotFound(c: Context<AppEnv>): Response {
  return c.json(body(UNKNOWN, "Not Found"), 404);
}

export function settingsMethodNotAllowed(c: Context<AppEnv>, methods: string[]): Response {
  return c.json(body(INVALID, "Method Not Allowed"), 405, { Allow: methods.join(", ") });
}

function body(code: number, details: string) {
  return { Code: code, Details: details, StackTrace: null };
}
