import { ErrorReply, createClient } from "redis";
import type { RedisBackend } from "./backend.ts";
import { RedisError } from "./reply.ts";
import type { Reply } from "./reply.ts";

const CONNECT_TIMEOUT_MS = 5_000;
const RECONNECT_DELAY_MS = 500;

/** A real Redis over TCP. */
export async function openServerBackend(redisUrl: string): Promise<RedisBackend> {
  // RESP 2 answers maps and doubles in the shapes that the REST protocol has.
  const client = createClient({
    url: redisUrl,
    RESP: 2,
    disableOfflineQueue: true,
    socket: { connectTimeout: CONNECT_TIMEOUT_MS, reconnectStrategy: retryOnceConnected },
  });
  let hasConnected = false;
  function retryOnceConnected(_retries: number, cause: Error): number | Error {
    return hasConnected ? RECONNECT_DELAY_MS : cause;
  }
  // Commands fail by themselves while it is away; without a listener the event would end the process.
  client.on("error", () => undefined);
  await client.connect();
  hasConnected = true;
  const send = async (words: string[]): Promise<Reply> => {
    try {
      return toReply(await client.sendCommand(words));
    } catch (error) {
      return toRedisError(error);
    }
  };
  return {
    pipeline: (commands) => Promise.all(commands.map(send)),
    multi: async (commands) => {
      // Sent in one tick, so that no other request's command gets in between on the connection.
      const sent = [["MULTI"], ...commands, ["EXEC"]].map(send);
      const result = (await Promise.all(sent)).at(-1);
      if (result instanceof RedisError) throw result;
      return Array.isArray(result) ? result : [];
    },
    close: async () => {
      await client.close();
    },
  };
}

/** Nested errors stay errors; a status arrives as its text. */
function toReply(value: unknown): Reply {
  if (value === null || typeof value === "string" || typeof value === "number") return value;
  if (Array.isArray(value)) return value.map(toReply);
  if (value instanceof ErrorReply) return new RedisError(value.message);
  return String(value);
}

function toRedisError(error: unknown): RedisError {
  if (error instanceof ErrorReply) return new RedisError(error.message);
  throw error;
}
