import type { Context, MiddlewareHandler } from "hono";
import { Limited } from "../../errors.ts";
import { senderNetwork } from "../../fleet/address/sender-network.ts";
import { accessState } from "./access-state.ts";
import type { AppEnv, Principal } from "./context.ts";
import type { Allowance, Quota } from "./rate-window.ts";

/**
 * Counts the request against its organisation's window (a reader without organisation has one of its own). Stands
 * after the middleware that sets `principal`; the headers are set by `surfaceHeaders` around the whole surface.
 *
 * @example
 * { method: "get", path: "/ocpp/locations", middleware: [requireRole("viewer", { tenant: true }), rateLimit()] }
 *
 * @throws Limited
 */
export function rateLimit(): MiddlewareHandler<AppEnv> {
  return async function rateLimit(c, next) {
    const allowance = allowanceOf(c, c.get("principal"));
    const { allowed, quota } = await accessState(c.get("config")).requests.take(
      counterKey(c, c.get("principal")),
      allowance,
      {
        nowMs: c.get("ports").clock.now().getTime(),
        counter: c.get("ports").rateCounter,
        background: c.get("background"),
      },
    );
    c.set("quota", quota);
    if (!allowed) throw new Limited(limitMessage(allowance), quota.resetSeconds);
    await next();
  };
}

/**
 * What is left to whoever sent the request: to its organisation, or of the failed authentications of its address. Null where the
 * configuration could not be read.
 */
export function quotaOf(c: Context<AppEnv>): Quota | null {
  const config: AppEnv["Variables"]["config"] | undefined = c.get("config");
  return config ? (c.get("quota") ?? addressQuota(c)) : null;
}

/** The window of the principal's organisation as it stands, without counting. */
export function organizationQuota(c: Context<AppEnv>, principal: Principal): Quota {
  const nowMs = c.get("ports").clock.now().getTime();
  const { requests } = accessState(c.get("config"));
  return requests.peek(counterKey(c, principal), allowanceOf(c, principal), nowMs).quota;
}

function addressQuota(c: Context<AppEnv>): Quota {
  const nowMs = c.get("ports").clock.now().getTime();
  const failures = accessState(c.get("config")).authFailures;
  return failures.peek(failureKey(c), authFailureAllowance(c), nowMs).quota;
}

function counterKey(c: Context<AppEnv>, principal: Principal): string {
  const organization = c.get("organization") ?? principal.organization;
  return organization ? `org:${organization.id}` : `subject:${principal.subject}`;
}

function allowanceOf(c: Context<AppEnv>, principal: Principal): Allowance {
  const config = c.get("config");
  const organization = c.get("organization") ?? principal.organization;
  return {
    limit: organization?.rateLimit ?? config.RATE_LIMIT_REQUESTS,
    windowSeconds: organization?.rateLimitWindowSeconds ?? config.RATE_LIMIT_WINDOW_SECONDS,
  };
}

function limitMessage({ limit, windowSeconds }: Allowance): string {
  return `Rate limit exceeded. Limit of ${limit} requests per ${windowSeconds} seconds.`;
}

const AUTH_FAILURE_WINDOW_SECONDS = 60;

/** Key of the sender's network in the shared counter. Cloudflare sets the header and overwrites what a client sends. */
export function failureKey(c: Context<AppEnv>): string {
  return `auth:${senderNetwork(c.req.header("cf-connecting-ip") ?? "local")}`;
}

export function authFailureAllowance(c: Context<AppEnv>): Allowance {
  return { limit: c.get("config").AUTH_FAILURE_LIMIT, windowSeconds: AUTH_FAILURE_WINDOW_SECONDS };
}
