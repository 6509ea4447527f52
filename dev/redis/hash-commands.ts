import type { CommandTable } from "./command.ts";
import type { Keyspace } from "./keyspace.ts";
import { RedisError, parseInteger } from "./reply.ts";
import { addToInteger } from "./string-commands.ts";

export const hashCommands: CommandTable = {
  HSET: { arity: -4, run: (keyspace, [key = "", ...pairs]) => setFields(keyspace, key, pairs) },
  HGET: { arity: 3, run: (keyspace, [key = "", field = ""]) => keyspace.hash(key)?.get(field) ?? null },
  HMGET: {
    arity: -3,
    run: (keyspace, [key = "", ...fields]) => {
      const hash = keyspace.hash(key);
      return fields.map((field) => hash?.get(field) ?? null);
    },
  },
  HGETALL: { arity: 2, run: (keyspace, [key = ""]) => [...(keyspace.hash(key) ?? [])].flat() },
  HINCRBY: {
    arity: 4,
    run: (keyspace, [key = "", field = "", by]) => {
      const sum = addToInteger(keyspace.hash(key)?.get(field), parseInteger(by));
      keyspace.hashOrNew(key).set(field, String(sum));
      return sum;
    },
  },
  HDEL: { arity: -3, run: (keyspace, [key = "", ...fields]) => deleteFields(keyspace, key, fields) },
};

/** @returns the number of fields that are new */
function setFields(keyspace: Keyspace, key: string, pairs: string[]): number {
  if (pairs.length % 2 === 1) throw new RedisError("ERR wrong number of arguments for 'hset' command");
  const hash = keyspace.hashOrNew(key);
  const sizeBefore = hash.size;
  for (let index = 0; index < pairs.length; index += 2) hash.set(pairs[index] ?? "", pairs[index + 1] ?? "");
  return hash.size - sizeBefore;
}

function deleteFields(keyspace: Keyspace, key: string, fields: string[]): number {
  const hash = keyspace.hash(key);
  if (!hash) return 0;
  const deleted = fields.filter((field) => hash.delete(field)).length;
  if (hash.size === 0) keyspace.delete(key);
  return deleted;
}
