/** The process environment, or a stand-in for it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The data directory a command means: `--data`, else the stack's default. */
export function dataLocation(env: Environment, given: string | undefined): string {
  return given ?? env["BUSBAR_DATA_DIR"] ?? ".local";
}
