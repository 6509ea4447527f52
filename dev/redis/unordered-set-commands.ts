import type { CommandTable } from "./command.ts";

export const unorderedSetCommands: CommandTable = {
  SADD: {
    arity: -3,
    run: (keyspace, [key = "", ...members]) => {
      const set = keyspace.setOrNew(key);
      const sizeBefore = set.size;
      for (const member of members) set.add(member);
      return set.size - sizeBefore;
    },
  },
  SREM: {
    arity: -3,
    run: (keyspace, [key = "", ...members]) => {
      const set = keyspace.set(key);
      if (!set) return 0;
      const removed = members.filter((member) => set.delete(member)).length;
      if (set.size === 0) keyspace.delete(key);
      return removed;
    },
  },
  SMEMBERS: { arity: 2, run: (keyspace, [key = ""]) => [...(keyspace.set(key) ?? [])] },
  SISMEMBER: {
    arity: 3,
    run: (keyspace, [key = "", member = ""]) => Number(keyspace.set(key)?.has(member) ?? false),
  },
  SMISMEMBER: {
    arity: -3,
    run: (keyspace, [key = "", ...members]) => {
      const set = keyspace.set(key);
      return members.map((member) => Number(set?.has(member) ?? false));
    },
  },
};
