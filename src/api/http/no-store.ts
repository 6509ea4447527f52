import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./context.ts";

/** For surfaces whose answers may hold a secret: nothing of them is kept anywhere. */
export function noStore(): MiddlewareHandler<AppEnv> {
  return async function noStore(c, next) {
    await next();
    c.res.headers.set("Cache-Control", "no-store");
  };
}
