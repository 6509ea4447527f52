import type { Background } from "../ports.ts";
import { withinOr } from "../within.ts";

/** An accept waits this long for its publish; what remains goes on behind the answer. */
const PUBLISH_WAIT_MS = 500;

/**
 * Hands a stored job to the engine. True when the engine took it in time. The job row is the promise: on failure
 * `onFailure` records it as unpublished, and the sweeper publishes it again under the same run id.
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
