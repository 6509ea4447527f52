import type { Context } from "hono";
import { senderNetwork } from "../../fleet/sender-network.ts";
import type { AppEnv } from "./context.ts";
import type { Allowance } from "./rate-window.ts";

const WINDOW_SECONDS = 60;

/** Key of the sender's network in the shared counter. Cloudflare sets the header and overwrites what a client sends. */
export function failureKey(c: Context<AppEnv>): string {
  return `auth:${senderNetwork(c.req.header("cf-connecting-ip") ?? "local")}`;
}

export function authFailureAllowance(c: Context<AppEnv>): Allowance {
  return { limit: c.get("config").AUTH_FAILURE_LIMIT, windowSeconds: WINDOW_SECONDS };
}
