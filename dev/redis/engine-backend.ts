import type { RedisBackend } from "./backend.ts";
import { Keyspace } from "./keyspace.ts";
import { RedisError, parseInteger } from "./reply.ts";
import type { Reply } from "./reply.ts";
import { findCommand, runCommand } from "./run-command.ts";
import { ScriptRunner } from "./script-runner.ts";

/** Redis in this process: in memory only, on the given clock (milliseconds since 1970). */
export class EngineBackend implements RedisBackend {
  readonly #keyspace: Keyspace;
  readonly #scripts: ScriptRunner;

  constructor(now: () => number) {
    this.#keyspace = new Keyspace(now);
    this.#scripts = new ScriptRunner((words) => runCommand(this.#keyspace, words));
  }

  async pipeline(commands: string[][]): Promise<Reply[]> {
    return commands.map((words) => this.#run(words));
  }

  async multi(commands: string[][]): Promise<Reply[]> {
    for (const [name = "", ...args] of commands) {
      if (isEval(name)) continue;
      try {
        findCommand(name, args.length);
      } catch {
        throw new RedisError("EXECABORT Transaction discarded because of previous errors.");
      }
    }
    return this.pipeline(commands);
  }

  async close(): Promise<void> {
    this.#keyspace.clear();
  }

  #run(words: string[]): Reply {
    try {
      return isEval(words[0] ?? "") ? this.#eval(words) : runCommand(this.#keyspace, words);
    } catch (error) {
      if (error instanceof RedisError) return error;
      throw error;
    }
  }

  #eval([, source = "", keyCountText, ...rest]: string[]): Reply {
    const keyCount = parseInteger(keyCountText);
    if (keyCount < 0) throw new RedisError("ERR Number of keys can't be negative");
    if (keyCount > rest.length)
      throw new RedisError("ERR Number of keys can't be greater than number of args");
    return this.#scripts.run(source, rest.slice(0, keyCount), rest.slice(keyCount));
  }
}

function isEval(name: string): boolean {
  return name.toUpperCase() === "EVAL";
}
