/**
 * The result of `work`, or a rejection with `error()` when there is none after `ms`. The work itself goes on: what it
 * throws later is ignored. The timer is cleared with the result, because one that is left keeps a Durable Object awake.
 */
export function within<T>(ms: number, work: Promise<T>, error: () => Error): Promise<T> {
  return race(ms, work, (_, reject) => reject(error()));
}

/** The result of `work`, or `fallback` when there is none after `ms`; a failure of `work` is passed on. */
export function withinOr<T, F>(ms: number, work: Promise<T>, fallback: F): Promise<T | F> {
  return race<T | F>(ms, work, (resolve) => resolve(fallback));
}

/** One promise instead of the six of an asynchronous function around `Promise.race`: every command waits three times. */
function race<T>(
  ms: number,
  work: Promise<T>,
  end: (resolve: (value: T) => void, reject: (reason: Error) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => end(resolve, reject), ms);
    work.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
