import type { Context } from "hono";
import type { IdempotencyClaim } from "../../ports.ts";
import type { AppEnv } from "../http/context.ts";
import { idempotencyClaim } from "../http/idempotency-key.ts";

/** What the request's Idempotency-Key claims, or null without one. `raw` is the body as it came. */
export function claimOf(c: Context<AppEnv>, raw: unknown): Promise<IdempotencyClaim | null> {
  const key = c.req.header("Idempotency-Key") ?? null;
  return idempotencyClaim({ method: c.req.method, path: c.req.path, key, body: raw });
}
