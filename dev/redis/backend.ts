import type { Reply } from "./reply.ts";

/** What the REST endpoint needs of a Redis. A failed command is a RedisError among the replies. */
export type RedisBackend = {
  /** Runs commands one after the other; each may fail on its own. */
  pipeline(commands: string[][]): Promise<Reply[]>;
  /** Runs commands as one transaction. @throws RedisError when none of them ran */
  multi(commands: string[][]): Promise<Reply[]>;
  close(): Promise<void>;
};
