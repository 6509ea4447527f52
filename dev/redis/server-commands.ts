import type { CommandTable } from "./command.ts";
import type { Keyspace } from "./keyspace.ts";
import { OK } from "./reply.ts";
import type { Reply } from "./reply.ts";

export const serverCommands: CommandTable = {
  PING: { arity: -1, run: (_keyspace, [message]) => message ?? { ok: "PONG" } },
  DBSIZE: { arity: 1, run: (keyspace) => keyspace.keys().length },
  FLUSHALL: { arity: -1, run: flush },
  FLUSHDB: { arity: -1, run: flush },
  TIME: {
    arity: 1,
    run: (keyspace) => {
      const nowMs = keyspace.now();
      return [String(Math.floor(nowMs / 1000)), String(Math.floor((nowMs % 1000) * 1000))];
    },
  },
};

function flush(keyspace: Keyspace): Reply {
  keyspace.clear();
  return OK;
}
