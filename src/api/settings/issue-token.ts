import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Config } from "../../env.ts";
import { apiKeyDigest, looksLikeApiKey } from "../../fleet/keys/api-key-material.ts";
import type { ApiKey, Organization } from "../../ports.ts";
import { BodyRefused, readBody } from "../../request-body.ts";
import { failureKey } from "../http/rate-limit.ts";
import type { AppEnv } from "../http/context.ts";
import { RateWindows } from "../http/rate-window.ts";
import { jsonAnswer } from "../operation/document.ts";
import { defineOpenOperation } from "../operation/open-operation.ts";
import { signSettingsToken, TOKEN_LIFETIME_SECONDS } from "./settings-token.ts";
import { errorBody, TAG } from "./surface.ts";

const FAILURES = { limit: 10, windowSeconds: 60 };
const FORM = "application/x-www-form-urlencoded";
const FORM_BYTES_MAX = 8 * 1024;

const tokenRequest = z
  .object({
    grant_type: z.literal("password"),
    username: z.string().openapi({ description: "Id or prefix of an API key" }),
    password: z.string().openapi({ description: "The whole API key" }),
    scope: z.string().optional(),
  })
  .openapi("TokenRequest");

const tokenAnswer = z
  .object({
    access_token: z.string(),
    token_type: z.literal("Bearer"),
    expires_in: z.int().openapi({ description: "Seconds" }),
    scope: z.string(),
  })
  .openapi("TokenAnswer");

const tokenError = z
  .object({
    error: z.enum(["invalid_request", "unsupported_grant_type", "invalid_grant"]),
    error_description: z.string(),
  })
  .openapi("TokenError");

const discovery = z.object({
  issuer: z.string(),
  token_endpoint: z.string(),
  grant_types_supported: z.array(z.string()),
});

export const issueToken = defineOpenOperation({
  method: "post",
  path: "/oauth/token",
  operationId: "issueToken",
  summary: "Exchange an API key for a token of one hour",
  tag: TAG,
  role: "anybody",
  body: { schema: tokenRequest, required: true, mediaType: FORM },
  success: { status: 200, description: "The token", schema: tokenAnswer },
  otherAnswers: {
    400: jsonAnswer("The request is no password grant, or its credentials are wrong", tokenError),
    408: jsonAnswer("The body did not arrive in time", tokenError),
    413: jsonAnswer("The body is longer than 8 KiB", tokenError),
    429: jsonAnswer("Too many failed attempts", tokenError),
    503: jsonAnswer("A dependency is down", errorBody),
  },
  handle: ({ c }) => grantToken(c),
});

export const discoverTokens = defineOpenOperation({
  method: "get",
  path: "/.well-known/openid-configuration",
  operationId: "discoverTokens",
  summary: "Say where tokens are issued",
  tag: TAG,
  role: "anybody",
  success: { status: 200, description: "The configuration", schema: discovery },
  handle: ({ c }) => {
    // The issuer ends with a slash: a client compares it, to the letter, with the address that it asked.
    const issuer = `${c.get("config").PUBLIC_BASE_URL}/`;
    return { issuer, token_endpoint: `${issuer}oauth/token`, grant_types_supported: ["password"] };
  },
});

const windows = new WeakMap<Config, RateWindows>();

/**
 * The password grant (RFC 6749 §4.3): `username` is an API key's id or prefix, `password` the whole key. A right password
 * always passes; wrong ones are counted.
 */
async function grantToken(c: Context<AppEnv>): Promise<Response> {
  const form = await readForm(c).catch(refusalOf);
  if (form instanceof BodyRefused) return refuseBody(c, form);
  const grant = form.get("grant_type");
  if (grant === null || grant === "") return refuse(c, "invalid_request", "grant_type is missing");
  if (grant !== "password")
    return refuse(c, "unsupported_grant_type", "Only the password grant is supported");
  const username = form.get("username") ?? "";
  const password = form.get("password") ?? "";
  if (username === "" || password === "")
    return refuse(c, "invalid_request", "username and password are needed");
  const found = await ownerOf(c, username, password);
  if (!found) return refuseGuess(c);
  const token = await signSettingsToken(c.get("config"), found, c.get("ports").clock.now());
  const lifetime = { token_type: "Bearer", expires_in: TOKEN_LIFETIME_SECONDS, scope: "read write" };
  return c.json({ access_token: token, ...lifetime }, 200, { Pragma: "no-cache" });
}

/** @throws BodyRefused */
async function readForm(c: Context<AppEnv>): Promise<URLSearchParams> {
  const bytes = await readBody(c.req.raw, {
    maxBytes: FORM_BYTES_MAX,
    deadlineMs: c.get("config").BODY_DEADLINE_SECONDS * 1000,
    acceptsType: (mediaType) => mediaType === FORM,
  });
  return new URLSearchParams(new TextDecoder().decode(bytes));
}

function refusalOf(error: unknown): BodyRefused {
  if (error instanceof BodyRefused) return error;
  throw error;
}

function refuseBody(c: Context<AppEnv>, { status, message }: BodyRefused): Response {
  if (status === 415) return refuse(c, "invalid_request", "The body must be a form");
  return c.json({ error: "invalid_request", error_description: message }, status);
}

/** The key is found by its digest and then compared with `username`, so that a wrong name and a wrong key take the same time. */
async function ownerOf(
  c: Context<AppEnv>,
  username: string,
  password: string,
): Promise<{ key: ApiKey; organization: Organization } | null> {
  const found = await c.get("ports").apiKeys.findByDigest(await apiKeyDigest(password));
  if (!found || !looksLikeApiKey(password)) return null;
  const { id, prefix } = found.key;
  return [id, prefix, prefix.replace(/\*+$/, "")].includes(username) ? found : null;
}

function failuresOf(config: Config): RateWindows {
  const known = windows.get(config) ?? new RateWindows({ failOpen: false });
  windows.set(config, known);
  return known;
}

/**
 * Counts a wrong guess per network of the sender and not per key: key ids appear in log lines, and whoever knows one must not
 * be able to lock its owner out.
 */
async function refuseGuess(c: Context<AppEnv>): Promise<Response> {
  const { rateCounter: counter, clock } = c.get("ports");
  const context = { nowMs: clock.now().getTime(), counter, background: c.get("background") };
  const failures = failuresOf(c.get("config"));
  const { allowed, quota } = await failures.take(`token-${failureKey(c)}`, FAILURES, context);
  if (allowed) return refuse(c, "invalid_grant", "Invalid username or password");
  return c.json({ error: "invalid_grant", error_description: "Too many failed attempts" }, 429, {
    "Retry-After": String(quota.resetSeconds),
  });
}

function refuse(c: Context<AppEnv>, error: string, description: string): Response {
  return c.json({ error, error_description: description }, 400);
}
