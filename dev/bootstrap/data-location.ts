/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The data directory of a command: `--data`, else the default of the stack. */
export function dataLocation(env: Environment, given: string | undefined): string {
  return given ?? env["BUSBAR_DATA_DIR"] ?? ".local";
}
