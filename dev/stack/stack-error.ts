/** An error that the user can act on: shown as its message, without a stack trace. */
export class StackError extends Error {}

/** The text for the terminal before the process ends: without a stack trace for StackErrors and failed system calls. */
export function lastWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isExplained = error instanceof StackError || "syscall" in error;
  return isExplained ? error.message : String(error.stack);
}
