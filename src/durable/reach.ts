import { Unavailable } from "../errors.ts";

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
    return await within(timeoutMs, call());
  } catch (error) {
    if (!repeats || !isTransient(error)) throw unreachable(error);
  }
  return within(timeoutMs, call()).catch((error: unknown) => {
    throw unreachable(error);
  });
}

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  const deadline = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => deadline.reject(new Unavailable("The object did not answer in time")),
    timeoutMs,
  );
  try {
    return await Promise.race([work, deadline.promise]);
  } finally {
    clearTimeout(timer);
  }
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
