import type { RedisBackend } from "./backend.ts";
import { RedisError } from "./reply.ts";
import type { Reply } from "./reply.ts";
import type { ScriptCache } from "./script-cache.ts";

/** Runs the commands of one request; scripts are resolved first, so that the backend only sees EVAL. */
export async function runRequests(
  backend: RedisBackend,
  scripts: ScriptCache,
  commands: string[][],
  isTransaction: boolean,
): Promise<Reply[]> {
  const replies: (Reply | undefined)[] = [];
  const forwarded: string[][] = [];
  for (const words of commands) {
    const prepared = prepare(scripts, words);
    if ("reply" in prepared) replies.push(prepared.reply);
    else {
      replies.push(undefined);
      forwarded.push(prepared.words);
    }
  }
  const answers = await (isTransaction ? backend.multi(forwarded) : backend.pipeline(forwarded));
  let next = 0;
  return replies.map((reply) => (reply === undefined ? (answers[next++] ?? null) : reply));
}

function prepare(scripts: ScriptCache, words: string[]): { reply: Reply } | { words: string[] } {
  if (words[0]?.toUpperCase() === "SCRIPT" && words[1]?.toUpperCase() === "LOAD" && words.length === 3) {
    return { reply: scripts.load(words[2] ?? "") };
  }
  try {
    return { words: scripts.toPlainEval(words) };
  } catch (error) {
    if (error instanceof RedisError) return { reply: error };
    throw error;
  }
}
