import { listenOnLoopback } from "../part/loopback-server.ts";
import type { RedisBackend } from "./backend.ts";
import { EngineBackend } from "./engine-backend.ts";
import { handleRest } from "./rest-routes.ts";
import { ScriptCache } from "./script-cache.ts";

export type RedisOptions = {
  /** 0 takes a free port. */
  port: number;
  /** What clients have to present as bearer token. */
  token: string;
  /** The clock of the embedded engine in milliseconds; Default: the system's. */
  now?: (() => number) | undefined;
  /** A Redis server, version 7 or newer, to use instead of the embedded engine. */
  redisUrl?: string | undefined;
};

export type RedisServer = {
  url: string;
  token: string;
  /** Forgets every key. */
  flush(): Promise<void>;
  close(): Promise<void>;
};

/** An Upstash-compatible REST endpoint over an engine in memory or a real Redis. */
export async function startRedis(options: RedisOptions): Promise<RedisServer> {
  const backend = await openBackend(options);
  const context = { backend, scripts: new ScriptCache(), token: options.token };
  try {
    const server = await listenOnLoopback(options.port, (req, res) => handleRest(context, req, res));
    return {
      url: server.url,
      token: options.token,
      flush: async () => void (await backend.pipeline([["FLUSHALL"]])),
      close: async () => {
        await server.close();
        await backend.close();
      },
    };
  } catch (error) {
    await backend.close();
    throw error;
  }
}

async function openBackend(options: RedisOptions): Promise<RedisBackend> {
  if (!options.redisUrl) return new EngineBackend(options.now ?? Date.now);
  const { openServerBackend } = await import("./server-backend.ts");
  return openServerBackend(options.redisUrl);
}
