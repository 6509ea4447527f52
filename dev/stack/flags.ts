import { parseArgs, type ParseArgsOptionsConfig } from "node:util";

/** A parsed command line. */
export interface Flags {
  text(name: string): string | undefined;
  boolean(name: string): boolean;
  /** The flag, else the environment variable `variable`, else `fallback`. Ends the process when it is out of range. */
  integer(name: string, fallback: number, min: number, max: number, variable?: string): number;
}

/** Parses the process's arguments. `--help` and invalid flags print `usage` and end the process. */
export function parseFlags(options: ParseArgsOptionsConfig, usage: string): Flags {
  const refuse = (message: string): never => {
    process.stderr.write(`${message}\n\n${usage}`);
    process.exit(2);
  };
  const values = read(options, refuse);
  if (values["help"] === true) {
    process.stdout.write(usage);
    process.exit(0);
  }
  const text = (name: string) => {
    const value = values[name];
    return typeof value === "string" ? value : undefined;
  };
  return {
    text,
    boolean: (name) => values[name] === true,
    integer: (name, fallback, min, max, variable) => {
      const flag = text(name);
      const given = flag ?? ((variable && process.env[variable]) || undefined);
      if (given === undefined) return fallback;
      const value = Number(given);
      const isInRange = /^\d+$/.test(given) && value >= min && value <= max;
      return isInRange
        ? value
        : refuse(
            `${flag === undefined ? variable : `--${name}`} takes a whole number from ${min} to ${max}, not "${given}".`,
          );
    },
  };
}

function read(options: ParseArgsOptionsConfig, refuse: (message: string) => never): Record<string, unknown> {
  try {
    return parseArgs({ options: { ...options, help: { type: "boolean", short: "h" } }, strict: true }).values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}
