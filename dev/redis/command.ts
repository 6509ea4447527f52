import type { Keyspace } from "./keyspace.ts";
import type { Reply } from "./reply.ts";

/**
 * One Redis command. `arity` counts the command's name as Redis does: exact when positive, a minimum
 * when negative; within it `args`, which do not contain the name, may be relied on.
 */
export type Command = { arity: number; run: (keyspace: Keyspace, args: string[]) => Reply };

export type CommandTable = Record<string, Command>;
