/**
 * Every key that Busbar writes to Redis. If all are lost, rate limits start again and replays are not recognised; no
 * data is lost.
 */
export const keys = {
  /** @upstash/ratelimit appends identifier and window; value: requests counted; expires with the window. */
  rateLimitPrefix: "rl",
  /** `started`; expires after the life of a signed delivery. */
  replayMark: (id: string) => `wf:jti:${id}`,
};
