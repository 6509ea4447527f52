import type { Context } from "hono";
import type { IdempotencyClaim } from "../../ports.ts";
import type { AppEnv } from "../http/context.ts";
import { IDEMPOTENCY_KEY, idempotencyClaim } from "../http/idempotency-key.ts";
import { InvalidRequest } from "./issues.ts";

/** The claim of a request with an Idempotency-Key, or null. @throws InvalidRequest */
export async function claimOf(c: Context<AppEnv>, body: unknown): Promise<IdempotencyClaim | null> {
  const key = c.req.header("idempotency-key") ?? null;
  if (key !== null && !IDEMPOTENCY_KEY.test(key)) {
    const message = "Idempotency-Key must be 1 to 255 printable ASCII characters";
    throw new InvalidRequest([
      { location: "header", path: ["Idempotency-Key"], code: "invalid_format", message },
    ]);
  }
  return idempotencyClaim({ method: c.req.method, path: c.req.path, key, body });
}
