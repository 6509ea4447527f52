/** Every key Busbar writes to Redis. Losing all of them costs rate-limit windows and replay marks, never data. */
export const keys = {
  /** @upstash/ratelimit appends identifier and window; value: requests counted; expires with the window. */
  rateLimitPrefix: "rl",
  /** `started`; expires after the life of a signed delivery. */
  replayMark: (id: string) => `wf:jti:${id}`,
};
