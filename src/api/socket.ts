import type { Env } from "../env.ts";
import type { Background, RateCounter, SessionRef } from "../ports.ts";
import { hasSlugShape } from "../fleet/slugs.ts";
import { decodeIdentity } from "../ocpp/identity.ts";
import {
  clientAddress,
  FAILURES_HEADER,
  OFFER_HEADER,
  sessionName,
  TRANSPORT_HEADER,
} from "../session-address.ts";
import { within } from "../within.ts";
import type { Standing, UpgradeBudget } from "./upgrade-budget.ts";

export interface UpgradeServices {
  /** Provisions the session of a charger that has not connected before. False: no provisioning waits for it. */
  adopt(ref: SessionRef): Promise<boolean>;
  counter: RateCounter;
  background: Background;
  budget: UpgradeBudget;
  pause(ms: number): Promise<void>;
}

const CHARGER_PATH = /^\/ocpp\/([^/]+)\/([^/]+)\/?$/;
const SESSION_TIMEOUT_MS = 10_000;
const RETRY_AFTER_SECONDS = 5;
/** Delay of an upgrade for an identity with many failures. Shorter than the handshake timeout of stations. */
const SLOW_DOWN_MS = 2_000;
const FAILURES: ReadonlySet<number> = new Set([400, 401, 404]);

/**
 * Hands the upgrade of a station to its session. Checks that need no knowledge of the charger are made here, without I/O; the
 * session decides the rest, so that mass reconnects do not reach Postgres.
 */
export async function handleUpgrade(
  request: Request,
  env: Env,
  services: UpgradeServices,
): Promise<Response> {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket")
    return refuse(426, "Upgrade required", { upgrade: "websocket" });
  const [, slug = "", segment = ""] = CHARGER_PATH.exec(new URL(request.url).pathname) ?? [];
  const identity = decodeIdentity(segment);
  const name = identity === null ? "" : sessionName({ organizationSlug: slug, identity });
  const attempt = { ip: clientAddress(request), name };
  const limit = env.OCPP_UPGRADE_FAILURE_LIMIT;
  const standing = services.budget.standing(attempt, limit, Date.now());
  const ref = { organizationSlug: slug, identity: identity ?? "" };
  const answer = await decide(request, env, { ref, name, standing, ...services });
  if (FAILURES.has(answer.status)) services.budget.failed(attempt, limit, { nowMs: Date.now(), ...services });
  return answer;
}

interface Question extends Pick<UpgradeServices, "adopt" | "pause"> {
  ref: SessionRef;
  name: string;
  standing: Standing;
}

async function decide(request: Request, env: Env, question: Question): Promise<Response> {
  const { ref, name, standing, adopt, pause } = question;
  const { overForSeconds } = standing;
  if (name === "") return refuse(400, "Malformed identity");
  if (!isOriginAllowed(request, env)) return refuse(403, "Origin not allowed");
  const { organizationSlug } = ref;
  if (!hasSlugShape(organizationSlug))
    return overForSeconds > 0 ? tooManyFailures(overForSeconds) : refuse(404, "Unknown charge point");
  if (standing.isSlowed) {
    // Sent as if over the limit: the session then admits only a station at the address of its last login, without delay.
    const answer = await withDeadline(() =>
      askSession(request, env, { name, overForSeconds: RETRY_AFTER_SECONDS }),
    );
    if (answer.status !== 429) return answer;
    await pause(SLOW_DOWN_MS);
  }
  return withDeadline(async () => {
    const answer = await askSession(request, env, { name, overForSeconds });
    return answer.status === 404 && (await adopt(ref))
      ? askSession(request, env, { name, overForSeconds })
      : answer;
  });
}

/** Browsers send an Origin header, stations do not. Origins of station libraries that send one are configured. */
function isOriginAllowed(request: Request, env: Env): boolean {
  const origin = request.headers.get("origin");
  const allowed = env.OCPP_ALLOWED_ORIGINS.split(",").map((entry) => entry.trim());
  return origin === null || (origin !== "" && allowed.includes(origin));
}

function askSession(
  request: Request,
  env: Env,
  { name, overForSeconds }: { name: string; overForSeconds: number },
): Promise<Response> {
  const headers = new Headers(request.headers);
  for (const internal of [TRANSPORT_HEADER, OFFER_HEADER, FAILURES_HEADER]) headers.delete(internal);
  if (overForSeconds > 0) headers.set(FAILURES_HEADER, String(overForSeconds));
  return env.CHARGE_POINT_SESSION.getByName(name).fetch(new Request(request, { headers }));
}

async function withDeadline(ask: () => Promise<Response>): Promise<Response> {
  try {
    return await within(SESSION_TIMEOUT_MS, ask(), () => new Error("The session did not answer in time"));
  } catch (error) {
    console.error(JSON.stringify({ event: "upgrade.unreachable", reason: String(error) }));
    return unreachable();
  }
}

/** Never 404 or 401: a station may fall back to another network profile for good. */
function unreachable(): Response {
  return refuse(503, "Try again later", { "retry-after": String(RETRY_AFTER_SECONDS) });
}

function tooManyFailures(seconds: number): Response {
  return refuse(429, "Too many failed attempts", { "retry-after": String(seconds) });
}

function refuse(status: number, text: string, headers: Record<string, string> = {}): Response {
  return new Response(text, { status, headers });
}
