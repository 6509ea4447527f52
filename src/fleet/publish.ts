import type { Background } from "../ports.ts";
import { withinOr } from "../within.ts";

/** How long a request waits for a publish; a slower one goes on after the answer. */
const PUBLISH_WAIT_MS = 500;

/**
 * Publishes a run for rows that are stored. True: the engine accepted it in time. Otherwise `onFailure` records that
 * it is not published, and the sweeper publishes it later under the same run id.
 */
export async function publishInTime(
  publish: () => Promise<void>,
  onFailure: () => Promise<void>,
  background: Background,
): Promise<boolean> {
  const attempt = publish().then(
    () => true,
    () => false,
  );
  const published = await withinOr(PUBLISH_WAIT_MS, attempt, false);
  if (!published) background(Promise.all([attempt, onFailure()]));
  return published;
}
