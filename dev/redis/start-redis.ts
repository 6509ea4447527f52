import type { IncomingMessage, ServerResponse } from "node:http";
import { listenOnLoopback, sendJson } from "../part/loopback-server.ts";
import { readBody } from "../part/read-body.ts";
import { MemoryRedis } from "./memory-redis.ts";
import { RedisError, type RedisBackend, type Reply } from "./redis-backend.ts";

const BODY_BYTES_MAX = 10 * 1024 * 1024;

export type RedisOptions = {
  /** 0 takes a free port. */
  port: number;
  /** What clients have to present as bearer token. */
  token: string;
  /** Clock of the embedded engine, epoch ms. Default: the system's. */
  now?: (() => number) | undefined;
  /** A Redis server, version 7 or newer, to use instead of the embedded engine. */
  redisUrl?: string | undefined;
};

export type RedisServer = { url: string; token: string; close(): Promise<void> };

/** An Upstash-compatible REST endpoint, `POST /` with one command, over an engine in memory or a real Redis. */
export async function startRedis(options: RedisOptions): Promise<RedisServer> {
  const backend = options.redisUrl
    ? await (await import("./redis-server.ts")).connectRedisServer(options.redisUrl)
    : new MemoryRedis(options.now ?? Date.now);
  try {
    const { token, port } = options;
    const server = await listenOnLoopback(port, (req, res) => answer(backend, token, req, res));
    const close = async () => {
      await server.close();
      await backend.close();
    };
    return { url: server.url, token, close };
  } catch (error) {
    await backend.close();
    throw error;
  }
}

async function answer(
  backend: RedisBackend,
  token: string,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const refuse = (status: number, error: string) => sendJson(res, status, JSON.stringify({ error }));
  const body = await readBody(req, BODY_BYTES_MAX);
  if (req.headers.authorization !== `Bearer ${token}`)
    return refuse(401, "WRONGPASS invalid or missing auth token");
  if (body === undefined) return refuse(413, `ERR max request size exceeded (${BODY_BYTES_MAX} bytes)`);
  if (req.method !== "POST" || req.url !== "/")
    return refuse(404, "ERR only single commands are served, by POST /; switch off auto-pipelining");
  const words = parseCommand(body);
  if (!words) return refuse(400, "ERR the body is not a command");
  try {
    const encode = req.headers["upstash-encoding"] === "base64" ? base64 : (reply: Reply) => reply;
    const reply = await backend.run(words);
    // The client expects the status OK as it is and decodes every other text.
    sendJson(res, 200, JSON.stringify({ result: reply === "OK" ? reply : encode(reply) }));
  } catch (error) {
    if (!(error instanceof RedisError)) throw error;
    refuse(400, error.message);
  }
}

function base64(reply: Reply): Reply {
  if (Array.isArray(reply)) return reply.map(base64);
  return typeof reply === "string" ? Buffer.from(reply).toString("base64") : reply;
}

/** The words of one command: texts as they are, everything else as its JSON. */
function parseCommand(body: string): string[] | undefined {
  try {
    const value: unknown = JSON.parse(body);
    if (!Array.isArray(value) || value.length === 0) return undefined;
    return value.map((word) => (typeof word === "string" ? word : JSON.stringify(word)));
  } catch {
    return undefined;
  }
}
