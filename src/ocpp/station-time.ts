/** A clock further off than this is not believed (the receive time takes its place). */
const SKEW_MAX_MS = 24 * 60 * 60 * 1000;

const WITH_ZONE = /(?:[Zz]|[+-]\d\d:?\d\d)$/;

/** Epoch milliseconds of a station's timestamp; one without zone is UTC. Null when it is no time since 1970. */
export function parseStationTime(text: string | null): number | null {
  if (text === null || !/^\d{4}-\d\d-\d\d/.test(text)) return null;
  const time = Date.parse(WITH_ZONE.test(text) || !text.includes("T") ? text : `${text}Z`);
  return time >= 0 ? time : null;
}

/**
 * The time that orders a station's messages about state: its own, or the receive time where its own is missing, more than a
 * day off or in the future. `skewSeconds` is null unless the clock was too far off to be believed.
 */
export function orderingTime(reported: string | null, now: Date): { at: string; skewSeconds: number | null } {
  const time = parseStationTime(reported);
  if (time === null) return { at: now.toISOString(), skewSeconds: null };
  const offMs = time - now.getTime();
  const believed = Math.abs(offMs) <= SKEW_MAX_MS && offMs <= 0;
  return {
    at: believed ? new Date(time).toISOString() : now.toISOString(),
    skewSeconds: Math.abs(offMs) > SKEW_MAX_MS ? Math.round(offMs / 1000) : null,
  };
}

/**
 * The time of something that may have happened long ago: transaction messages are kept offline for months, so only the
 * future is not believed. What a fast clock dated ahead would outlive everything that comes after it.
 */
export function eventTime(reported: string | null, now: Date): string {
  const time = parseStationTime(reported);
  const isBelieved = time !== null && time <= now.getTime();
  return isBelieved ? new Date(time).toISOString() : now.toISOString();
}

/** Longer than any station is kept offline: what claims to be older was dated by a clock that was never set. */
const BACKLOG_MAX_MS = 366 * 24 * 60 * 60 * 1000;
/** Between an event and its message, on a line that works. */
const LIVE_MAX_MS = 5 * 60 * 1000;

/**
 * Whether a time says when something happened, as far as one can tell: it lies in a backlog that a station may have, and
 * is not what a clock known to be wrong shows at this moment. `clockOffMs`: see there.
 */
export function isBelievable(at: string, now: Date, clockOffMs: number): boolean {
  const ageMs = now.getTime() - Date.parse(at);
  const isLive = Math.abs(ageMs + clockOffMs) <= LIVE_MAX_MS;
  return ageMs <= BACKLOG_MAX_MS && (clockOffMs === 0 || !isLive);
}
