/**
 * The result of `work`, or a rejection with `error()` when there is none after `ms`. The work itself goes on: what it
 * throws later is ignored. The timer is cleared with the result, because one that is left keeps a Durable Object awake.
 */
export function within<T>(ms: number, work: Promise<T>, error: () => Error): Promise<T> {
  return race(ms, work, (late) => late.reject(error()));
}

/** The result of `work`, or `fallback` when there is none after `ms`; a failure of `work` is passed on. */
export function withinOr<T, F>(ms: number, work: Promise<T>, fallback: F): Promise<T | F> {
  return race<T | F>(ms, work, (late) => late.resolve(fallback));
}

async function race<T>(
  ms: number,
  work: Promise<T>,
  end: (late: PromiseWithResolvers<T>) => void,
): Promise<T> {
  const late = Promise.withResolvers<T>();
  const timer = setTimeout(() => end(late), ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
