import { RedisError } from "./reply.ts";

type Values = { string: string; hash: Map<string, string>; set: Set<string> };
type Kind = keyof Values;
type Entry = { [K in Kind]: { kind: K; value: Values[K]; expiresAtMs?: number } }[Kind];

/** All keys with their values and expiry; an expired key is gone the moment somebody looks. */
export class Keyspace {
  readonly #entries = new Map<string, Entry>();
  readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  has(key: string): boolean {
    return this.#find(key) !== undefined;
  }

  string(key: string): string | undefined {
    const entry = this.#find(key);
    if (!entry) return undefined;
    if (entry.kind !== "string") throw wrongType();
    return entry.value;
  }

  hash(key: string): Map<string, string> | undefined {
    const entry = this.#find(key);
    if (!entry) return undefined;
    if (entry.kind !== "hash") throw wrongType();
    return entry.value;
  }

  set(key: string): Set<string> | undefined {
    const entry = this.#find(key);
    if (!entry) return undefined;
    if (entry.kind !== "set") throw wrongType();
    return entry.value;
  }

  /** Replaces any value and its expiry. */
  putString(key: string, value: string, expiresAtMs?: number): void {
    this.#entries.set(key, { kind: "string", value, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) });
  }

  hashOrNew(key: string): Map<string, string> {
    const found = this.hash(key);
    if (found) return found;
    const value = new Map<string, string>();
    this.#entries.set(key, { kind: "hash", value });
    return value;
  }

  setOrNew(key: string): Set<string> {
    const found = this.set(key);
    if (found) return found;
    const value = new Set<string>();
    this.#entries.set(key, { kind: "set", value });
    return value;
  }

  expiresAtMs(key: string): number | undefined {
    return this.#find(key)?.expiresAtMs;
  }

  /** @returns whether the key exists */
  expireAt(key: string, expiresAtMs: number): boolean {
    const entry = this.#find(key);
    if (entry) entry.expiresAtMs = expiresAtMs;
    return entry !== undefined;
  }

  delete(key: string): boolean {
    return this.has(key) && this.#entries.delete(key);
  }

  keys(): string[] {
    return [...this.#entries.keys()].filter((key) => this.has(key));
  }

  clear(): void {
    this.#entries.clear();
  }

  #find(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry?.expiresAtMs === undefined || entry.expiresAtMs > this.now()) return entry;
    this.#entries.delete(key);
    return undefined;
  }
}

function wrongType(): RedisError {
  return new RedisError("WRONGTYPE Operation against a key holding the wrong kind of value");
}
