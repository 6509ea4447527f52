import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "../http/context.ts";
import { apiKeyCredential, authenticate } from "../http/principal.ts";
import { authenticateBearer } from "../settings/authenticate-settings.ts";
import { credentialSchemeOf } from "./errors.ts";

/**
 * `X-API-Key` everywhere; key management asks for a Bearer token and ignores API keys, unless nothing else is shown:
 * then the caller is known and refused by role instead. So is one with a token of the settings surface.
 */
export function authenticateV1(): MiddlewareHandler<AppEnv> {
  return async function authenticateV1(c, next) {
    const isKeyManagement = credentialSchemeOf(c.req.path) === "Bearer";
    const useBearer = isKeyManagement && c.req.header("authorization") !== undefined;
    await (useBearer ? authenticateBearer(c) : authenticate(c, apiKeyCredential(c)));
    await next();
  };
}
