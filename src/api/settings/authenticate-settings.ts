import type { Context, MiddlewareHandler } from "hono";
import { Forbidden } from "../../errors.ts";
import { accessState } from "../http/access-state.ts";
import type { AppEnv, Principal } from "../http/context.ts";
import { authenticate, bearerCredential } from "../http/principal.ts";
import { organizationQuota } from "../http/rate-limit.ts";
import { actingOrganization, hasRole } from "../http/require-role.ts";
import { takeToken } from "./token-bucket.ts";
import { claimsSettings, settingsTokenSubject } from "./settings-token.ts";

/**
 * Authenticates by the Bearer values of the gateway and by this surface's own tokens; `X-API-Key` is ignored. Order of checks:
 * credential, rate limit, role (owner, service or platform admin).
 *
 * @throws Unauthenticated, Limited, Forbidden, Unavailable
 */
export function authenticateSettings(): MiddlewareHandler<AppEnv> {
  return async function authenticateSettings(c, next) {
    const principal = await authenticateBearer(c);
    takeToken(c.get("config"), principal.subject, c.get("ports").clock.now().getTime());
    if (!hasRole(principal.role, "owner")) throw new Forbidden("role");
    c.set("organization", await actingOrganization(c, principal));
    await next();
  };
}

/**
 * The sender of a Bearer value of the gateway or of this surface, remembered as `principal`.
 *
 * @throws Unauthenticated, Limited, Unavailable
 */
export async function authenticateBearer(c: Context<AppEnv>): Promise<Principal> {
  const credential = bearerCredential(c);
  if (credential === null || !claimsSettings(credential.value)) return authenticate(c, credential);
  const principal = await ownToken(c, credential.value);
  if (!principal) return authenticate(c, null);
  c.set("principal", principal);
  c.set("quota", organizationQuota(c, principal));
  return principal;
}

/** The principal of a token of this surface. The key is looked up like any other key: a token ends with its key. */
async function ownToken(c: Context<AppEnv>, token: string): Promise<Principal | null> {
  const ports = c.get("ports");
  const now = ports.clock.now();
  const id = await settingsTokenSubject(token, c.get("config"), now);
  if (id === null) return null;
  const found = await accessState(c.get("config")).apiKeys.get(
    `id:${id}`,
    () => ports.apiKeys.findById(id),
    now.getTime(),
    c.get("background"),
  );
  if (!found) return null;
  return { subject: id, organization: found.organization, role: found.key.role, via: "settingsToken" };
}
