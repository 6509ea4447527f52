import { cors } from "hono/cors";
import type { Context, MiddlewareHandler } from "hono";
import type { AppEnv } from "./context.ts";
import { quotaOf } from "./rate-limit.ts";

/** What every answer says to browsers: no frames, no guesses of a type, no referrer, nothing shared with other origins. */
const SECURITY_HEADERS = [
  ["Cross-Origin-Resource-Policy", "same-origin"],
  ["Cross-Origin-Opener-Policy", "same-origin"],
  ["Origin-Agent-Cluster", "?1"],
  ["Referrer-Policy", "no-referrer"],
  ["X-Content-Type-Options", "nosniff"],
  ["X-DNS-Prefetch-Control", "off"],
  ["X-Download-Options", "noopen"],
  ["X-Frame-Options", "SAMEORIGIN"],
  ["X-Permitted-Cross-Domain-Policies", "none"],
  ["X-XSS-Protection", "0"],
] as const;

const TRANSPORT_SECURITY = "max-age=15552000; includeSubDomains";

/** Answers a preflight without a permission: no foreign origin is allowed. */
export const refusePreflight: MiddlewareHandler<AppEnv> = cors({ origin: () => null });

/**
 * The headers of every answer, set on the finished one in one pass (ADR 0028): request id, security headers, and `Vary`, because
 * a preflight's answer depends on the origin. No HSTS in development, where http is spoken.
 */
export function setCommonHeaders(c: Context<AppEnv>): void {
  const { headers } = c.res;
  for (const [name, value] of SECURITY_HEADERS) headers.set(name, value);
  headers.set("X-Request-Id", c.get("requestId"));
  // Unset when the configuration could not be read.
  const config: AppEnv["Variables"]["config"] | undefined = c.get("config");
  if (config?.BUSBAR_ENV !== "development") headers.set("Strict-Transport-Security", TRANSPORT_SECURITY);
  if (c.req.method !== "OPTIONS") headers.append("Vary", "Origin");
}

/** `Cache-Control: no-store` for surfaces whose answers may contain secrets. */
export const NO_STORE = () => "no-store";

/** Reads may be cached if they are revalidated each time (see `conditional`); other answers may not be cached. */
export const REVALIDATED = ({ req: { method } }: Context<AppEnv>) =>
  method === "GET" || method === "HEAD" ? "private, no-cache" : "no-store";

interface SurfaceHeaders {
  cacheControl: (c: Context<AppEnv>) => string;
  /** Whether answers say what is left of a rate limit. */
  hasQuota: boolean;
}

/** Sets the headers of one surface on all its answers, errors and 304 included: `Cache-Control` and `RateLimit-*`. */
export function surfaceHeaders({ cacheControl, hasQuota }: SurfaceHeaders): MiddlewareHandler<AppEnv> {
  return async function surfaceHeaders(c, next) {
    await next();
    const { headers } = c.res;
    headers.set("Cache-Control", cacheControl(c));
    const quota = hasQuota ? quotaOf(c) : null;
    if (!quota) return;
    headers.set("RateLimit-Limit", String(quota.limit));
    headers.set("RateLimit-Remaining", String(quota.remaining));
    headers.set("RateLimit-Reset", String(quota.resetSeconds));
  };
}
