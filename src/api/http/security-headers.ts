import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { AppEnv } from "./context.ts";

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
