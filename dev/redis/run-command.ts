import type { Command, CommandTable } from "./command.ts";
import { hashCommands } from "./hash-commands.ts";
import { keyCommands } from "./key-commands.ts";
import type { Keyspace } from "./keyspace.ts";
import { RedisError } from "./reply.ts";
import type { Reply } from "./reply.ts";
import { serverCommands } from "./server-commands.ts";
import { stringCommands } from "./string-commands.ts";
import { unorderedSetCommands } from "./unordered-set-commands.ts";

const groups: CommandTable[] = [
  serverCommands,
  keyCommands,
  stringCommands,
  hashCommands,
  unorderedSetCommands,
];
const commands = new Map<string, Command>(groups.flatMap((group) => Object.entries(group)));

/** Runs one command given as its words. @throws RedisError */
export function runCommand(keyspace: Keyspace, [name = "", ...args]: string[]): Reply {
  return findCommand(name, args.length).run(keyspace, args);
}

/** @throws RedisError when the command does not exist or cannot take that many arguments */
export function findCommand(name: string, argCount: number): Command {
  const command = commands.get(name.toUpperCase());
  if (!command) throw new RedisError(`ERR unknown command '${name}'`);
  const words = argCount + 1;
  if (command.arity > 0 ? words !== command.arity : words < -command.arity) {
    throw new RedisError(`ERR wrong number of arguments for '${name.toLowerCase()}' command`);
  }
  return command;
}
