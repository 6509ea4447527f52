import { createMiddleware } from "hono/factory";
import { engineProblems } from "../src/engine-configuration.ts";
import type { Config } from "../src/env.ts";
import type { ReplayMarks } from "../src/ports.ts";
import { BodyRefused, readBody } from "../src/request-body.ts";
import { DELIVERY_PATH, REPLAY_PATH } from "./paths.ts";
import { matchesBody, verifySignature } from "./signature.ts";

const BODY_BYTES_MAX = 2 * 1024 * 1024;
const REPLAY_TTL_SECONDS = 600;
/** Paths that get messages, not steps of runs. */
const MESSAGE_PATHS = new Set([DELIVERY_PATH, REPLAY_PATH]);

function problem(status: 401 | 405 | 408 | 409 | 413 | 415 | 503, title: string): Response {
  const body = JSON.stringify({ type: "about:blank", title, status });
  return new Response(body, { status, headers: { "content-type": "application/problem+json" } });
}

function refuse(reason: string): Response {
  console.warn(JSON.stringify({ event: "step.refused", reason }));
  return problem(401, "Unauthorized");
}

function refusalOf(error: unknown): BodyRefused {
  if (error instanceof BodyRefused) return error;
  throw error;
}

/** Neither the SDK's unknown-version start nor its call callbacks are in use; both would trust unsigned headers. */
function headerProblem(headers: Headers, path: string): string | null {
  if (MESSAGE_PATHS.has(path)) return headers.has("upstash-workflow-runid") ? "run" : null;
  const failure = headers.has("upstash-workflow-failure-callback");
  if (headers.get("upstash-workflow-sdk-version") !== "1" && !failure) return "sdk version";
  if (headers.has("upstash-workflow-unknown-sdk") || headers.has("upstash-workflow-callback"))
    return "callback";
  return null;
}

/**
 * Stands in front of the workflow SDK, which accepts unsigned steps without keys, signatures for other URLs and
 * replays. Signature, URL and expiry are checked before the body is read, the body before anything is read from Postgres; a
 * delivery is remembered for ten minutes, so that its token works once.
 */
export function stepGuard(config: Config, marks: ReplayMarks) {
  const problems = engineProblems(config);
  const limits = { maxBytes: BODY_BYTES_MAX, deadlineMs: config.BODY_DEADLINE_SECONDS * 1000 };
  return createMiddleware(async function guardStep(c, next) {
    if (problems.length > 0) return problem(503, "workflow_misconfigured");
    if (c.req.method !== "POST") return problem(405, "Method Not Allowed");
    const path = new URL(c.req.url).pathname;
    const verdict = await verifySignature({
      token: c.req.header("upstash-signature") ?? "",
      keys: [config.QSTASH_CURRENT_SIGNING_KEY ?? "", config.QSTASH_NEXT_SIGNING_KEY ?? ""],
      url: config.PUBLIC_BASE_URL + path,
      now: new Date(),
    });
    if (!verdict.valid) return refuse(verdict.reason);
    const misfit = headerProblem(c.req.raw.headers, path);
    if (misfit) return refuse(misfit);
    const body = await readBody(c.req.raw, limits).catch(refusalOf);
    if (body instanceof BodyRefused) return problem(body.status, body.message);
    if (!(await matchesBody(verdict.bodyDigest, body))) return refuse("body");
    // What was read and checked is what runs.
    c.req.raw = new Request(c.req.raw.url, { method: "POST", headers: c.req.raw.headers, body });
    const mark = await marks.begin(verdict.id, REPLAY_TTL_SECONDS);
    if (mark === "started") return problem(409, "Conflict");
    if (mark === "done") return new Response("{}", { headers: { "upstash-workflow-sdk-version": "1" } });
    await next();
    if (mark === null) return undefined;
    if (c.res.ok) marks.finish(verdict.id);
    else c.executionCtx.waitUntil(marks.forget(verdict.id));
    return undefined;
  });
}
