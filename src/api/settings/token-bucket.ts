import type { Config } from "../../env.ts";
import { Limited } from "../../errors.ts";

const SUBJECTS_MAX = 20_000;
const RETRY_AFTER_SECONDS = 1;

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

const buckets = new WeakMap<Config, Map<string, Bucket>>();

/** Token bucket per subject: takes one token. @throws Limited if the bucket is empty */
export function takeToken(config: Config, subject: string, nowMs: number): void {
  const known = buckets.get(config) ?? new Map<string, Bucket>();
  buckets.set(config, known);
  const { SETTINGS_BURST: burst, SETTINGS_RATE_PER_SECOND: perSecond } = config;
  const bucket = known.get(subject) ?? { tokens: burst, filledAtMs: nowMs };
  const elapsedMs = Math.max(0, nowMs - bucket.filledAtMs);
  const tokens = Math.min(burst, bucket.tokens + (elapsedMs * perSecond) / 1000);
  const isAllowed = tokens >= 1;
  // The map is ordered by last request: the subject whose last request is oldest is removed first.
  known.delete(subject);
  known.set(subject, { tokens: isAllowed ? tokens - 1 : tokens, filledAtMs: nowMs });
  const oldest = known.keys().next();
  if (known.size > SUBJECTS_MAX && !oldest.done) known.delete(oldest.value);
  if (!isAllowed) throw new Limited("Too many requests", RETRY_AFTER_SECONDS);
}
