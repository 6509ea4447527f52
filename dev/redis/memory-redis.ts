import { RedisError, type RedisBackend, type Reply } from "./redis-backend.ts";

/** SHA-1 of the fixed-window script in @upstash/ratelimit 2.2.0: the one script that `src/cache` runs. */
const FIXED_WINDOW = "b2efc02798c8e9b471a10f9b1d5745db89923ff3";

/** Writes between two removals of what has expired. */
const SWEEP_EVERY = 1000;

type Entry = { value: string; expiresAtMs: number };

/**
 * Redis in this process, in memory only: SET with NX and EX, DEL, the fixed window of @upstash/ratelimit, and PING. These are
 * what `src/cache` and the readiness probe send; everything else is an error that says so. `now` is the clock in epoch ms.
 */
export class MemoryRedis implements RedisBackend {
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();
  #writes = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  async run([name = "", ...args]: string[]): Promise<Reply> {
    switch (name.toUpperCase()) {
      case "PING":
        return "PONG";
      case "SET":
        return this.#set(args);
      case "DEL":
        return args.filter((key) => this.#find(key) && this.#entries.delete(key)).length;
      case "EVALSHA":
        return this.#evalSha(args);
      case "EVAL":
        throw new RedisError(
          "ERR the embedded Redis knows no script but the fixed window of @upstash/ratelimit",
        );
      default:
        throw new RedisError(`ERR unknown command '${name}'`);
    }
  }

  async close(): Promise<void> {
    this.#entries.clear();
  }

  /** SET key value [NX] [EX seconds] */
  #set([key, value, ...options]: string[]): Reply {
    if (key === undefined || value === undefined) throw wrongArguments("set");
    let expiresAtMs = Infinity;
    let isForNewKey = false;
    for (let index = 0; index < options.length; index++) {
      const option = options[index]?.toUpperCase();
      if (option === "NX") isForNewKey = true;
      else if (option === "EX" && index + 1 < options.length) {
        const seconds = integer(options[++index]);
        if (seconds <= 0) throw new RedisError("ERR invalid expire time in 'set' command");
        expiresAtMs = this.#now() + seconds * 1000;
      } else throw new RedisError("ERR syntax error");
    }
    if (isForNewKey && this.#find(key)) return null;
    this.#put(key, { value, expiresAtMs });
    return "OK";
  }

  #evalSha([sha, keyCount, key, limit, windowMs, count, ...rest]: string[]): Reply {
    if (sha !== FIXED_WINDOW) throw new RedisError("NOSCRIPT No matching script. Please use EVAL.");
    // A second key would name a limit that is changed at run time, which nobody uses.
    if (keyCount !== "1" || key === undefined || rest.length > 0) throw wrongArguments("evalsha");
    return [this.#countInWindow(key, integer(count), integer(windowMs)), integer(limit)];
  }

  /** INCRBY, and PEXPIRE when the window begins. */
  #countInWindow(key: string, count: number, windowMs: number): number {
    const entry = this.#find(key);
    const sum = integer(entry?.value ?? "0") + count;
    const expiresAtMs = sum === count ? this.#now() + windowMs : (entry?.expiresAtMs ?? Infinity);
    this.#put(key, { value: String(sum), expiresAtMs });
    return sum;
  }

  #find(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.expiresAtMs > this.#now()) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  #put(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    this.#writes += 1;
    if (this.#writes % SWEEP_EVERY === 0) for (const known of this.#entries.keys()) this.#find(known);
  }
}

function wrongArguments(command: string): RedisError {
  return new RedisError(`ERR wrong number of arguments for '${command}' command`);
}

/** @throws RedisError in the wording of Redis; integers beyond 2^53 are refused too */
function integer(text: string | undefined): number {
  const value = Number(text);
  if (text === undefined || !/^-?\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new RedisError("ERR value is not an integer or out of range");
  return value;
}
