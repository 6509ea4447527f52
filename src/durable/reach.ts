import { Unavailable } from "../errors.ts";
import { within } from "../within.ts";

/**
 * One call to an object, with a deadline. `repeats` allows a second try with a new stub where the platform says that
 * the error is transient; an overloaded object is never asked again.
 *
 * @throws Unavailable for everything that is not an answer
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

/** An overloaded object turns a call away unread; after any other failure the call may have had its effect. */
export function wasTurnedAway({ cause }: Unavailable): boolean {
  return isOverloaded(cause);
}

/** Flags the platform sets on errors of a stub. */
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
