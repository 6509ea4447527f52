import { createHash } from "node:crypto";
import { ErrorReply, createClient } from "redis";
import { RedisError, type RedisBackend, type Reply } from "./redis-backend.ts";

const CONNECT_TIMEOUT_MS = 5_000;
const RECONNECT_DELAY_MS = 500;

/** Connects to a real Redis over TCP. @throws Error when it cannot be reached; once connected, it reconnects by itself */
export async function connectRedisServer(redisUrl: string): Promise<RedisBackend> {
  let hasConnected = false;
  const client = createClient({
    url: redisUrl,
    RESP: 2,
    disableOfflineQueue: true,
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectStrategy: (_retries, cause) => (hasConnected ? RECONNECT_DELAY_MS : cause),
    },
  });
  // While it is away, each command fails. Without a listener the event would end the process.
  client.on("error", () => undefined);
  await client.connect();
  hasConnected = true;
  const scripts = new Map<string, string>();
  return {
    run: (words) =>
      client.sendCommand<Reply>(plainScript(words, scripts)).catch((error: unknown) => {
        throw error instanceof ErrorReply ? new RedisError(error.message) : error;
      }),
    close: () => client.close(),
  };
}

/**
 * Hosted Redis accepts flags in the `#!lua` line of a script that a real Redis 7 refuses. The line is taken off, which changes
 * the script's SHA-1: EVALSHA becomes the EVAL of a text that came before, by the SHA-1 that the client knows.
 */
function plainScript([name = "", script = "", ...rest]: string[], scripts: Map<string, string>): string[] {
  const command = name.toUpperCase();
  if (command === "EVAL") {
    const source = script.replace(/^#!lua.*\n/, "");
    scripts.set(createHash("sha1").update(script).digest("hex"), source);
    return ["EVAL", source, ...rest];
  }
  const source = scripts.get(script);
  return command === "EVALSHA" && source !== undefined ? ["EVAL", source, ...rest] : [name, script, ...rest];
}
