/** What a command answers: bulk string, integer, nil, array, or a status such as OK. */
export type Reply = string | number | null | Status | RedisError | Reply[];

export type Status = { ok: string };

export const OK: Status = { ok: "OK" };

/** An error reply with its code as the first word: `ERR …`, `WRONGTYPE …`, `NOSCRIPT …`. */
export class RedisError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "RedisError";
  }
}

export const syntaxError = (): RedisError => new RedisError("ERR syntax error");

/** @throws RedisError in the wording of Redis; integers beyond 2^53 are refused too. */
export function parseInteger(text: string | undefined): number {
  const value = Number(text);
  if (text === undefined || !/^-?\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new RedisError("ERR value is not an integer or out of range");
  }
  return value;
}
