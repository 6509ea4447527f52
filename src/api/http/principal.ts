import type { Context } from "hono";
import { Limited, Unauthenticated } from "../../errors.ts";
import type { Organization } from "../../ports.ts";
import { accessState } from "./access-state.ts";
import { principalOfApiKey } from "./api-key.ts";
import type { AppEnv, Principal } from "./context.ts";
import { verifyToken } from "./jwt.ts";
import { keyOfTicket, LIVE_PATH } from "./live-ticket.ts";
import { authFailureAllowance, failureKey, organizationQuota } from "./rate-limit.ts";

/** The credential of a request; null: it has none. */
export type Credential = { kind: "apiKey" | "bearer" | "ticket"; value: string } | null;

/** The Bearer value of the Authorization header; any other scheme counts as no credential (RFC 6750 §2.1). */
export function bearerCredential(c: Context<AppEnv>): Credential {
  const match = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(c.req.header("authorization") ?? "");
  return match?.[1] === undefined ? null : { kind: "bearer", value: match[1] };
}

function apiKeyCredential(c: Context<AppEnv>): Credential {
  const value = c.req.header("x-api-key");
  return value === undefined || value === "" ? null : { kind: "apiKey", value };
}

/** The key of the header, or on the path of the live line a ticket of the query. */
export function apiKeyOrTicket(c: Context<AppEnv>): Credential {
  const ticket = c.req.path === LIVE_PATH ? c.req.query("ticket") : undefined;
  return apiKeyCredential(c) ?? (ticket === undefined ? null : { kind: "ticket", value: ticket });
}

/**
 * Finds out who sent the request and remembers it as `principal`. A failure uses up one of the failed
 * authentications its address may have per minute.
 * @throws Unauthenticated, Limited once the address has none left, Unavailable when a key cannot be checked.
 */
export async function authenticate(c: Context<AppEnv>, credential: Credential): Promise<Principal> {
  const allowance = authFailureAllowance(c);
  const { rateCounter: counter, clock } = c.get("ports");
  const nowMs = clock.now().getTime();
  const failures = accessState(c.get("config")).authFailures;
  const address = failureKey(c);
  const guessesLeft = failures.peek(address, allowance, nowMs).allowed;
  const principal = await principalOf(c, credential, guessesLeft);
  if (principal) {
    c.set("principal", principal);
    c.set("quota", organizationQuota(c, principal));
    return principal;
  }
  const background = c.get("background");
  const { allowed, quota } = await failures.take(address, allowance, { nowMs, counter, background });
  if (allowed) throw new Unauthenticated("Missing or invalid credential");
  throw new Limited(
    `Rate limit exceeded. Limit of ${allowance.limit} failed authentications per ${allowance.windowSeconds} seconds.`,
    quota.resetSeconds,
  );
}

async function principalOf(
  c: Context<AppEnv>,
  credential: Credential,
  guessesLeft: boolean,
): Promise<Principal | null> {
  if (credential === null) return null;
  if (credential.kind === "ticket") return principalOfTicket(c, credential.value);
  const isApiKey = credential.kind === "apiKey" || credential.value.startsWith("cap_");
  return isApiKey
    ? principalOfApiKey(c, credential.value, guessesLeft)
    : principalOfToken(c, credential.value);
}

/** Reads the key of the ticket: tickets are rare, and one of a revoked key is not valid. */
async function principalOfTicket(c: Context<AppEnv>, ticket: string): Promise<Principal | null> {
  const { apiKeys, clock } = c.get("ports");
  const keyId = await keyOfTicket(ticket, c.get("config"), clock.now());
  const found = keyId === null ? null : await apiKeys.findById(keyId);
  if (!found) return null;
  return { subject: found.key.id, organization: found.organization, role: found.key.role, via: "apiKey" };
}

async function principalOfToken(c: Context<AppEnv>, token: string): Promise<Principal | null> {
  const claims = await verifyToken(token, c.get("config"), c.get("ports").clock.now()).catch(
    (err: unknown) => {
      if (err instanceof Unauthenticated) return null;
      throw err;
    },
  );
  if (!claims) return null;
  const organization = claims.organizationId === null ? null : await organizationOf(c, claims.organizationId);
  // A platform admin belongs to no organisation: in a token with an organisation the role `admin` is void.
  const role = claims.role === "admin" && claims.hasOrganization ? null : claims.role;
  return { subject: claims.subject, organization, role, via: "jwt" };
}

/** An organisation by id, cached in the isolate. */
export async function organizationOf(c: Context<AppEnv>, id: string): Promise<Organization | null> {
  const ports = c.get("ports");
  return accessState(c.get("config")).organizations.get(
    id,
    () => ports.organizations.get(id),
    ports.clock.now().getTime(),
    c.get("background"),
  );
}
