import { Unavailable } from "../errors.ts";
import { within } from "../within.ts";

/**
 * One call to an object, with a deadline. `repeats`: a call that failed with an error that the platform calls transient is made
 * once more, with a new stub. An overloaded object is not called again.
 * @throws Unavailable for every failure
 */
export async function reach<T>(
  timeoutMs: number,
  call: () => Promise<T>,
  { repeats }: { repeats: boolean },
): Promise<T> {
  try {
    return await within(timeoutMs, call(), noAnswer);
  } catch (error) {
    if (!repeats || !isTransient(error)) throw unreachable(error);
  }
  return within(timeoutMs, call(), noAnswer).catch((error: unknown) => {
    throw unreachable(error);
  });
}

function noAnswer(): Unavailable {
  return new Unavailable("The object did not answer in time");
}

/** Whether the object was overloaded and refused the call unread. After any other failure the call may have had its effect. */
export function wasOverloaded({ cause }: Unavailable): boolean {
  return isOverloaded(cause);
}

/** Reads the flags that the platform sets on errors of a stub. */
function isTransient(error: unknown): boolean {
  const isRetryable = error instanceof Error && "retryable" in error && error.retryable === true;
  return isRetryable && !isOverloaded(error);
}

function isOverloaded(error: unknown): boolean {
  return error instanceof Error && "overloaded" in error && error.overloaded === true;
}

function unreachable(error: unknown): Unavailable {
  return error instanceof Unavailable
    ? error
    : new Unavailable("The object cannot be reached", { cause: error });
}
