/** Largest accepted difference from our clock; beyond it the receive time is used. */
const SKEW_MAX_MS = 24 * 60 * 60 * 1000;

const WITH_ZONE = /(?:[Zz]|[+-]\d\d:?\d\d)$/;

/** Epoch ms of a station's timestamp; without a zone it is read as UTC. Null: not a time after 1970. */
export function parseStationTime(text: string | null): number | null {
  if (text === null || !/^\d{4}-\d\d-\d\d/.test(text)) return null;
  const time = Date.parse(WITH_ZONE.test(text) || !text.includes("T") ? text : `${text}Z`);
  return time >= 0 ? time : null;
}

/**
 * Time by which state messages of a station are ordered: its own, or the receive time if its own is missing, more
 * than a day off or in the future. `skewSeconds`: difference, if the station's time was not used for it; otherwise
 * null.
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
 * Time of an event that may be months old, because stations store transaction messages while offline. Only a time in
 * the future is replaced by the receive time: it would otherwise be newer than all later messages.
 */
export function eventTime(reported: string | null, now: Date): string {
  const time = parseStationTime(reported);
  const isBelieved = time !== null && time <= now.getTime();
  return isBelieved ? new Date(time).toISOString() : now.toISOString();
}

/** Longest time that a station stores messages offline. An older time comes from a clock that was never set. */
const BACKLOG_MAX_MS = 366 * 24 * 60 * 60 * 1000;
/** Longest delay between an event and its message on a working connection. */
const LIVE_MAX_MS = 5 * 60 * 1000;

/**
 * Whether a time is plausible: not older than a station's backlog can be, and not the present time of a clock that is
 * known to be wrong. `clockOffMs`: offset of the station's clock.
 */
export function isBelievable(at: string, now: Date, clockOffMs: number): boolean {
  const ageMs = now.getTime() - Date.parse(at);
  const isLive = Math.abs(ageMs + clockOffMs) <= LIVE_MAX_MS;
  return ageMs <= BACKLOG_MAX_MS && (clockOffMs === 0 || !isLive);
}

/**
 * Time at which a transaction began or ended: that of the station, unless its clock is known to be wrong and the message comes
 * live, or the time is too old to be one. Then it is the receive time, so that a clock that is set meanwhile changes no duration.
 */
export function believedTime(reported: string | null, now: Date, clockOffMs: number): string {
  const at = eventTime(reported, now);
  return isBelievable(at, now, clockOffMs) ? at : now.toISOString();
}

/** The same for an end: one before its beginning shows that the clock was put back in between. */
export function believedEnd(at: string, startedAt: string | null, now: Date): string {
  return startedAt !== null && at < startedAt ? now.toISOString() : at;
}
