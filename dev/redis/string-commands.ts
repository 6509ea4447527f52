import type { CommandTable } from "./command.ts";
import type { Keyspace } from "./keyspace.ts";
import { RedisError, parseInteger } from "./reply.ts";
import { runSet } from "./set-command.ts";

export const stringCommands: CommandTable = {
  GET: { arity: 2, run: (keyspace, [key = ""]) => keyspace.string(key) ?? null },
  SET: { arity: -3, run: runSet },
  SETEX: {
    arity: 4,
    run: (keyspace, [key = "", seconds = "", value = ""]) => runSet(keyspace, [key, value, "EX", seconds]),
  },
  MGET: { arity: -2, run: (keyspace, keys) => keys.map((key) => stringOrNull(keyspace, key)) },
  INCR: { arity: 2, run: (keyspace, [key = ""]) => add(keyspace, key, 1) },
  DECR: { arity: 2, run: (keyspace, [key = ""]) => add(keyspace, key, -1) },
  INCRBY: { arity: 3, run: (keyspace, [key = "", by]) => add(keyspace, key, parseInteger(by)) },
  DECRBY: { arity: 3, run: (keyspace, [key = "", by]) => add(keyspace, key, -parseInteger(by)) },
};

/** MGET answers nil for a key of another type. */
function stringOrNull(keyspace: Keyspace, key: string): string | null {
  try {
    return keyspace.string(key) ?? null;
  } catch {
    return null;
  }
}

function add(keyspace: Keyspace, key: string, by: number): number {
  const sum = addToInteger(keyspace.string(key), by);
  keyspace.putString(key, String(sum), keyspace.expiresAtMs(key));
  return sum;
}

/** @throws RedisError when the text is no integer or the sum leaves the integers that a number holds exactly. */
export function addToInteger(text: string | undefined, by: number): number {
  const sum = parseInteger(text ?? "0") + by;
  if (!Number.isSafeInteger(sum)) throw new RedisError("ERR increment or decrement would overflow");
  return sum;
}
