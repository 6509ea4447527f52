/** Something the person at the terminal can act on: shown as its message alone, without a stack trace. */
export class StackError extends Error {}

/** What the person at the terminal is told before the process ends: a failure of the system is no bug of ours either. */
export function lastWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isExplained = error instanceof StackError || "syscall" in error;
  return isExplained ? error.message : String(error.stack);
}
