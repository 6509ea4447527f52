import type { CommandTable } from "./command.ts";
import { globPattern } from "./glob-pattern.ts";
import type { Keyspace } from "./keyspace.ts";
import { parseInteger, syntaxError } from "./reply.ts";
import type { Reply } from "./reply.ts";

export const keyCommands: CommandTable = {
  DEL: { arity: -2, run: (keyspace, keys) => keys.filter((key) => keyspace.delete(key)).length },
  EXISTS: { arity: -2, run: (keyspace, keys) => keys.filter((key) => keyspace.has(key)).length },
  EXPIRE: {
    arity: 3,
    run: (keyspace, [key = "", seconds]) => expire(keyspace, key, parseInteger(seconds) * 1000),
  },
  PEXPIRE: { arity: 3, run: (keyspace, [key = "", ms]) => expire(keyspace, key, parseInteger(ms)) },
  // Redis rounds the remaining time to the nearest second.
  TTL: { arity: 2, run: (keyspace, [key = ""]) => remaining(keyspace, key, 1000) },
  PTTL: { arity: 2, run: (keyspace, [key = ""]) => remaining(keyspace, key, 1) },
  SCAN: { arity: -2, run: (keyspace, [, ...options]) => scan(keyspace, options) },
};

function expire(keyspace: Keyspace, key: string, afterMs: number): number {
  return Number(keyspace.expireAt(key, keyspace.now() + afterMs));
}

function remaining(keyspace: Keyspace, key: string, unitMs: number): number {
  if (!keyspace.has(key)) return -2;
  const expiresAtMs = keyspace.expiresAtMs(key);
  return expiresAtMs === undefined ? -1 : Math.round((expiresAtMs - keyspace.now()) / unitMs);
}

/** SCAN cursor [MATCH pattern] [COUNT n]: everything in one page, which COUNT, a hint, allows. */
function scan(keyspace: Keyspace, options: string[]): Reply {
  let keys = keyspace.keys();
  for (let index = 0; index < options.length; index += 2) {
    const name = options[index]?.toUpperCase();
    const value = options[index + 1];
    if (value === undefined || (name !== "MATCH" && name !== "COUNT")) throw syntaxError();
    if (name === "COUNT") continue;
    const pattern = globPattern(value);
    keys = keys.filter((key) => pattern.test(key));
  }
  return ["0", keys];
}
