import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "../http/context.ts";
import { apiKeyCredential, authenticate, bearerCredential } from "../http/principal.ts";
import { credentialSchemeOf } from "./errors.ts";

/**
 * `X-API-Key` everywhere; key management asks for a Bearer token and ignores API keys, unless nothing else is shown:
 * then the caller is known and refused by role instead.
 */
export function authenticateV1(): MiddlewareHandler<AppEnv> {
  return async function authenticateV1(c, next) {
    const isKeyManagement = credentialSchemeOf(c.req.path) === "Bearer";
    const useBearer = isKeyManagement && c.req.header("authorization") !== undefined;
    await authenticate(c, useBearer ? bearerCredential(c) : apiKeyCredential(c));
    await next();
  };
}
