import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { engineProblems } from "../../engine-configuration.ts";
import { type Config, Misconfigured } from "../../env.ts";
import type { Ports } from "../../ports.ts";
import { jsonAnswer } from "../operation/document.ts";
import { defineOpenOperation } from "../operation/open-operation.ts";
import type { BoundOperation } from "../operation/operations-of.ts";
import type { AppEnv } from "./context.ts";

const RETRY_AFTER_SECONDS = 5;

type Implementation = "embedded" | "hosted";

const health = z.object({ status: z.literal("ok") });

const dependency = z.object({
  status: z.enum(["ok", "unreachable"]),
  implementation: z.enum(["embedded", "hosted"]).optional(),
});

const readiness = z
  .object({
    status: z.enum(["ready", "unavailable"]),
    misconfigured: z.array(z.string()).openapi({ description: "Variables at fault, without their values" }),
    dependencies: z.record(z.string(), dependency),
  })
  .openapi("Readiness");

type ServicesOf = (c: Context<AppEnv>) => { ports: Ports; config: Config };

/**
 * `/healthz`: the process answers, whatever it depends on. `/readyz`: the configuration is complete and every dependency
 * answers; shows which implementation is wired and which variables are at fault, never an address or a value.
 */
export function healthOperations(servicesOf: ServicesOf): BoundOperation[] {
  const shared = { method: "get", tag: "Health", role: "anybody" } as const;
  const getHealth = defineOpenOperation({
    ...shared,
    path: "/healthz",
    operationId: "getHealth",
    summary: "Say that the process answers",
    success: { status: 200, description: "It does", schema: health },
    handle: ({ c }) => c.json({ status: "ok" }, 200, { "Cache-Control": "no-store" }),
  });
  const getReadiness = defineOpenOperation({
    ...shared,
    path: "/readyz",
    operationId: "getReadiness",
    summary: "Say whether every dependency answers",
    success: { status: 200, description: "All do", schema: readiness },
    otherAnswers: { 503: jsonAnswer("One does not, or the configuration is incomplete", readiness) },
    handle: ({ c }) => readyz(c, servicesOf),
  });
  return [getHealth, getReadiness];
}

async function readyz(c: Context<AppEnv>, servicesOf: ServicesOf): Promise<Response> {
  const wired = servicesOrProblems(() => servicesOf(c));
  if ("problems" in wired) return answer(c, { misconfigured: wired.problems, dependencies: {} });
  const { ports, config } = wired;
  const misconfigured = engineProblems(config);
  const states = await ports.probe().catch(() => ({}));
  const implementations = implementationsOf(config);
  const dependencies = Object.fromEntries(
    Object.entries(states).map(([name, state]) => [
      name,
      { status: state, implementation: implementations[name] },
    ]),
  );
  return answer(c, { misconfigured, dependencies });
}

interface Readiness {
  misconfigured: string[];
  dependencies: Record<string, { status: unknown; implementation: Implementation | undefined }>;
}

function answer(c: Context<AppEnv>, { misconfigured, dependencies }: Readiness): Response {
  const states = Object.values(dependencies);
  const isReady =
    misconfigured.length === 0 && states.length > 0 && states.every(({ status }) => status === "ok");
  const body = { status: isReady ? "ready" : "unavailable", misconfigured, dependencies };
  c.header("Cache-Control", "no-store");
  if (isReady) return c.json(body, 200);
  if (misconfigured.length > 0)
    console.error(JSON.stringify({ event: "misconfigured", variables: misconfigured }));
  return c.json(body, 503, { "Retry-After": String(RETRY_AFTER_SECONDS) });
}

function servicesOrProblems<T>(services: () => T): T | { problems: string[] } {
  try {
    return services();
  } catch (err) {
    if (err instanceof Misconfigured) return { problems: err.variables };
    throw err;
  }
}

function implementationsOf(config: Config): Record<string, Implementation> {
  return {
    database: config.NEON_FETCH_ENDPOINT === undefined ? "hosted" : "embedded",
    redis: implementationAt(config.UPSTASH_REDIS_REST_URL),
    engine: implementationAt(config.QSTASH_URL),
  };
}

/** A service on a loopback address is one of the embedded stack. */
function implementationAt(url: string | undefined): Implementation {
  const host = url === undefined ? "" : (URL.parse(url)?.hostname ?? "");
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host) ? "embedded" : "hosted";
}
