const MINUTE_MS = 60_000;
const ANSWER_TIMEOUT_MS = 50_000;

/** Calls `fire` for each cron expression at every full minute until `stop` is called. Failures go to `note`. */
export function startSchedule(
  fire: (cron: string, scheduledTime: number, signal: AbortSignal) => Promise<void>,
  crons: readonly string[],
  note: (text: string) => void,
): { stop(): void } {
  const stopped = new AbortController();
  let timer: NodeJS.Timeout;
  const untilNextMinute = () => MINUTE_MS - (Date.now() % MINUTE_MS);
  const tick = () => {
    timer = setTimeout(tick, untilNextMinute());
    const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
    for (const cron of crons) {
      fire(cron, Date.now(), signal).catch((error: unknown) => {
        if (!stopped.signal.aborted)
          note(`the scheduled handler (${cron}) could not be run: ${String(error)}`);
      });
    }
  };
  timer = setTimeout(tick, untilNextMinute());
  return {
    stop: () => {
      stopped.abort();
      clearTimeout(timer);
    },
  };
}
