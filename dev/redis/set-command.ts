import type { Keyspace } from "./keyspace.ts";
import { OK, RedisError, parseInteger, syntaxError } from "./reply.ts";
import type { Reply } from "./reply.ts";

type SetOptions = { expiresAtMs?: number; keepTtl: boolean; only?: "NX" | "XX"; returnsOld: boolean };

/** SET key value [EX s | PX ms | KEEPTTL] [NX | XX] [GET] */
export function runSet(keyspace: Keyspace, [key = "", value = "", ...rest]: string[]): Reply {
  const options = parseOptions(rest, keyspace.now());
  const old = options.returnsOld ? (keyspace.string(key) ?? null) : null;
  const isBlocked = options.only !== undefined && keyspace.has(key) !== (options.only === "XX");
  if (!isBlocked) {
    const expiresAtMs = options.keepTtl ? keyspace.expiresAtMs(key) : options.expiresAtMs;
    keyspace.putString(key, value, expiresAtMs);
  }
  if (options.returnsOld) return old;
  return isBlocked ? null : OK;
}

function parseOptions(words: string[], nowMs: number): SetOptions {
  const options: SetOptions = { keepTtl: false, returnsOld: false };
  for (let index = 0; index < words.length; index++) {
    const word = words[index]?.toUpperCase();
    if (word === "EX" || word === "PX") {
      if (options.expiresAtMs !== undefined) throw syntaxError();
      options.expiresAtMs = nowMs + expireMs(words[++index], word === "EX" ? 1000 : 1);
    } else if (word === "NX" || word === "XX") {
      if (options.only !== undefined) throw syntaxError();
      options.only = word;
    } else if (word === "KEEPTTL") options.keepTtl = true;
    else if (word === "GET") options.returnsOld = true;
    else throw syntaxError();
  }
  if (options.keepTtl && options.expiresAtMs !== undefined) throw syntaxError();
  return options;
}

function expireMs(text: string | undefined, unitMs: number): number {
  if (text === undefined) throw syntaxError();
  const amount = parseInteger(text);
  if (amount <= 0) throw new RedisError("ERR invalid expire time in 'set' command");
  return amount * unitMs;
}
