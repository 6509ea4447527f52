import { join } from "node:path";
import { migrationsDirectory } from "../migrate/read-migrations.ts";
import { announcesSockets, announcesUrl, answersAt } from "./announcements.ts";
import type { DataDirectory } from "./data-directory.ts";
import type { PartSpec } from "./part.ts";
import { projectRoot, tool } from "./project.ts";
import { WORKER_SOCKETS } from "./worker-config.ts";
import type { Wiring, WiringContext } from "./wiring.ts";

// After SIGTERM workerd waits for open sockets, which stations never close. Its data survive SIGKILL.
const WORKER_STOP_PATIENCE_MS = 1_500;
const STOP_PATIENCE_MS = 8_000;

function inherited(env: WiringContext["env"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function embedded(name: string, context: WiringContext, configuration: object): PartSpec {
  return {
    name,
    command: process.execPath,
    args: ["--disable-warning=ExperimentalWarning", join(projectRoot, "dev", name, "main.ts")],
    env: { ...inherited(context.env), BUSBAR_PART: JSON.stringify(configuration) },
    announcement: announcesUrl,
    stopPatienceMs: STOP_PATIENCE_MS,
  };
}

export function sqlPart(
  context: WiringContext,
  data: DataDirectory,
  sql: Wiring["sql"] & { embedded: true },
): PartSpec {
  return embedded("sql", context, {
    port: context.ports.sql,
    dataDir: data.file("postgres"),
    pgUrl: sql.pgUrl,
    migrations: migrationsDirectory,
  });
}

export function redisPart(context: WiringContext, redis: Wiring["redis"] & { embedded: true }): PartSpec {
  return embedded("redis", context, {
    port: context.ports.redis,
    token: context.secrets.UPSTASH_REDIS_REST_TOKEN,
    redisUrl: redis.redisUrl,
  });
}

/** `previousBaseUrl`: base URL of the last start. When it differs, the engine rewrites stored step URLs. */
export function enginePart(
  context: WiringContext,
  data: DataDirectory,
  previousBaseUrl: string | undefined,
): PartSpec {
  const { secrets, ports, baseUrl, env } = context;
  const moved = previousBaseUrl !== undefined && previousBaseUrl !== baseUrl;
  return embedded("engine", context, {
    port: ports.engine,
    dataFile: data.file("engine.sqlite"),
    token: secrets.QSTASH_TOKEN,
    currentKey: secrets.QSTASH_CURRENT_SIGNING_KEY,
    nextKey: secrets.QSTASH_NEXT_SIGNING_KEY,
    allowedOrigins: [new URL(baseUrl).origin],
    rebase: moved ? { from: previousBaseUrl, to: baseUrl } : undefined,
    hooks: env["BUSBAR_ENGINE_HOOKS"] === "1" ? true : undefined,
    timeScale: env["BUSBAR_ENGINE_TIME_SCALE"] ? Number(env["BUSBAR_ENGINE_TIME_SCALE"]) : undefined,
  });
}

export function workerdPart(
  context: WiringContext,
  configFile: string,
  variables: Record<string, string>,
): PartSpec {
  return {
    name: "worker",
    command: tool("workerd"),
    args: ["serve", "--experimental", "--control-fd=3", configFile],
    env: { ...inherited(context.env), ...variables },
    announcement: announcesSockets(WORKER_SOCKETS),
    isLeashed: true,
    stopPatienceMs: WORKER_STOP_PATIENCE_MS,
  };
}

/** The Worker under `wrangler dev`, which reloads it when a source file changes. */
export function wranglerPart(
  context: WiringContext,
  data: DataDirectory,
  variablesFile: string,
  port: number,
): PartSpec {
  const place = ["--ip", "127.0.0.1", "--port", String(port), "--persist-to", data.file("wrangler")];
  return {
    name: "worker",
    command: tool("wrangler"),
    args: [
      "dev",
      ...place,
      "--env-file",
      variablesFile,
      "--test-scheduled",
      "--show-interactive-dev-session=false",
    ],
    env: { ...inherited(context.env), WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" },
    announcement: answersAt(`http://127.0.0.1:${port}/healthz`),
    isLeashed: true,
    stopPatienceMs: STOP_PATIENCE_MS,
  };
}
