import type { Context, MiddlewareHandler } from "hono";
import { Forbidden } from "../../errors.ts";
import type { Organization, Role } from "../../ports.ts";
import type { AppEnv, Principal } from "./context.ts";
import { authenticate, bearerCredential, organizationOf } from "./principal.ts";
import { organizationQuota } from "./rate-limit.ts";
import { isUuid } from "./resource-id.ts";

const RANK: Record<Role, number> = { viewer: 0, operator: 1, service: 2, owner: 2, admin: 3 };

export type MinimumRole = "viewer" | "operator" | "owner";

export function hasRole(role: Role | null, minimum: MinimumRole): boolean {
  return role !== null && RANK[role] >= RANK[minimum];
}

/**
 * Admits Bearer tokens and API keys of at least the given role and sets `principal`; on tenant-scoped routes also
 * `organization`: the caller's own, or the one a platform admin picks with X-Organization-Id. Routes without
 * tenant admit every valid credential and ignore that header.
 *
 * @example
 * { method: "post", path: "/ocpp/locations", middleware: [requireRole("operator", { tenant: true }), rateLimit()] }
 *
 * @throws Unauthenticated, Forbidden, Limited, Unavailable
 */
export function requireRole(minimum: MinimumRole, options: { tenant: boolean }): MiddlewareHandler<AppEnv> {
  return async function requireRole(c, next) {
    const principal = await authenticate(c, bearerCredential(c));
    if (options.tenant) {
      c.set("organization", await actingOrganization(c, principal));
      c.set("quota", organizationQuota(c, principal));
      if (!hasRole(principal.role, minimum)) throw new Forbidden("role");
    }
    await next();
  };
}

/** @throws Forbidden */
export async function actingOrganization(c: Context<AppEnv>, principal: Principal): Promise<Organization> {
  const picked = c.req.header("x-organization-id");
  if (principal.role === "admin") return pickedOrganization(c, picked);
  if (principal.organization === null || principal.role === null) throw new Forbidden("role");
  if (picked !== undefined)
    throw new Forbidden("organizationNotAllowed", "X-Organization-Id is not allowed for this token");
  return principal.organization;
}

async function pickedOrganization(c: Context<AppEnv>, picked: string | undefined): Promise<Organization> {
  if (picked === undefined)
    throw new Forbidden("organizationRequired", "X-Organization-Id is required for this token");
  const organization = isUuid(picked) ? await organizationOf(c, picked.toLowerCase()) : null;
  if (!organization) throw new Forbidden("organizationUnknown", "Unknown organization");
  return organization;
}
