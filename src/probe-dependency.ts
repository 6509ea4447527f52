import { delay } from "./within.ts";

const TICK_MS = 100;
const TICKS_MAX = 30;

/** What `/readyz` tells of a dependency. */
export type DependencyState = "ok" | "unreachable";

/**
 * "ok" when the check succeeds, "unreachable" when it fails or takes longer than three seconds of this isolate's own
 * time. That time is counted in short ticks: an isolate that is kept busy, as by a fleet that comes back, ticks
 * late, so that its own delay is not taken for the dependency's. `signal` ends a check that came too late.
 */
export async function probeDependency(
  check: (signal: AbortSignal) => Promise<unknown>,
): Promise<DependencyState> {
  const late = new AbortController();
  let isDone = false;
  const answered = check(late.signal).then(
    () => "ok" as const,
    () => "unreachable" as const,
  );
  const tooLate = async () => {
    for (let tick = 0; tick < TICKS_MAX && !isDone; tick++) await delay(TICK_MS);
    return "unreachable" as const;
  };
  const state = await Promise.race([answered, tooLate()]);
  isDone = true;
  late.abort();
  return state;
}
