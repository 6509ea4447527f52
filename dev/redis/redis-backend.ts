/** What a command answers. */
export type Reply = string | number | null | Reply[];

export type RedisBackend = {
  /** Runs one command given as its words. @throws RedisError when Redis answers with an error */
  run(words: string[]): Promise<Reply>;
  close(): Promise<void>;
};

/** An error reply with its code as the first word: `ERR …`, `NOSCRIPT …`. */
export class RedisError extends Error {
  override name = "RedisError";
}
