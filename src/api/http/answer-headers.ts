import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { AppEnv } from "./context.ts";

/** `Cache-Control: no-store` for surfaces whose answers may contain secrets. */
export function noStore(): MiddlewareHandler<AppEnv> {
  return async function noStore(c, next) {
    await next();
    c.res.headers.set("Cache-Control", "no-store");
  };
}

/** Reads may be cached if they are revalidated each time (see `conditional`); other answers may not be cached. */
export function cacheControl(): MiddlewareHandler<AppEnv> {
  return async function cacheControl(c, next) {
    await next();
    const isRead = c.req.method === "GET" || c.req.method === "HEAD";
    c.res.headers.set("Cache-Control", isRead ? "private, no-cache" : "no-store");
  };
}

/**
 * Repeats the request id on the finished answer: headers set before it are lost when a route answers with a Response
 * of its own, as recorded answers do.
 */
export function requestIdHeader(): MiddlewareHandler<AppEnv> {
  return async function requestIdHeader(c, next) {
    await next();
    c.res.headers.set("X-Request-Id", c.get("requestId"));
  };
}

/** Sets HSTS, nosniff, no-referrer and the frame and opener rules; no HSTS in development, where http is spoken. */
export function securityHeaders(): MiddlewareHandler<AppEnv> {
  const production = secureHeaders();
  const development = secureHeaders({ strictTransportSecurity: false });
  return async function securityHeaders(c, next) {
    await next();
    // Unset when the configuration could not be read.
    const config: AppEnv["Variables"]["config"] | undefined = c.get("config");
    const set = config?.BUSBAR_ENV === "development" ? development : production;
    await set(c, async () => undefined);
  };
}
