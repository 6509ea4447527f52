import { createHash } from "node:crypto";
import { RedisError } from "./reply.ts";

/**
 * Scripts by the SHA-1 of the text the client knows. Hosted Redis accepts flags in a `#!lua` line that
 * real Redis 7 refuses, so that line is taken off, and EVALSHA has to be answered here.
 */
export class ScriptCache {
  readonly #sourceBySha = new Map<string, string>();

  /** @returns the SHA-1 of the text as it was given */
  load(text: string): string {
    const sha = createHash("sha1").update(text).digest("hex");
    this.#sourceBySha.set(sha, withoutShebang(text));
    return sha;
  }

  /** EVAL and EVALSHA as an EVAL that any Redis runs; other commands unchanged. @throws RedisError NOSCRIPT */
  toPlainEval(words: string[]): string[] {
    const [name = "", script = "", ...rest] = words;
    const command = name.toUpperCase();
    if (command === "EVAL") {
      this.load(script);
      return ["EVAL", withoutShebang(script), ...rest];
    }
    if (command !== "EVALSHA") return words;
    const source = this.#sourceBySha.get(script.toLowerCase());
    if (source === undefined) throw new RedisError("NOSCRIPT No matching script. Please use EVAL.");
    return ["EVAL", source, ...rest];
  }
}

function withoutShebang(text: string): string {
  return text.startsWith("#!lua") ? text.slice(text.indexOf("\n") + 1) : text;
}
