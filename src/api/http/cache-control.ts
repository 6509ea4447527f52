import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./context.ts";

/** Reads may be kept but must be asked about (see `conditional`); everything else is not kept at all. */
export function cacheControl(): MiddlewareHandler<AppEnv> {
  return async function cacheControl(c, next) {
    await next();
    const isRead = c.req.method === "GET" || c.req.method === "HEAD";
    c.res.headers.set("Cache-Control", isRead ? "private, no-cache" : "no-store");
  };
}
