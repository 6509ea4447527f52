/**
 * What a charger costs in a month of 30 days, from what its events use. Prices are the list prices of Cloudflare's Workers paid plan,
 * without what the plan includes: a fleet uses that up. Postgres and the engine are not in it: statements are counted, not priced.
 */
const USD_PER_ROW = 1 / 1e6;
const USD_PER_REQUEST = 0.15 / 1e6;
const USD_PER_GB_SECOND = 12.5 / 1e6;
const USD_PER_GB_MONTH = 0.2;
/** Every object is billed as 128 MB. */
const OBJECT_GB = 0.128;

/** Mean of one event. */
export interface EventUse {
  /** Written or deleted, an alarm that is set included. */
  rows: number;
  /** Twenty messages over a WebSocket are one. */
  requests: number;
  awake_ms: number;
  sql: number;
}

/** What the price depends on. */
export interface SessionUse {
  connect: EventUse;
  disconnect: EventUse;
  heartbeat: EventUse;
  authorize: EventUse;
  start: EventUse;
  stop: EventUse;
  meter_values: EventUse;
  status_notification: EventUse;
  /** Alarms of a connected charger that does not charge. */
  liveness_alarm: EventUse & { per_heartbeat: number };
  /** Alarms while it charges. */
  charging_alarm: EventUse & { per_meter_value: number };
  /** Of one frame whose time in the log is over. */
  dropped_frame: EventUse;
  /** What a frame adds to the database of its object. */
  bytes_per_frame: number;
  /** Of the database without frames. */
  bytes_at_rest: number;
}

/** Events of a month. */
export interface Profile {
  heartbeats: number;
  meterValues: number;
  sessions: number;
  statusesPerSession: number;
  reconnects: number;
}

const HEARTBEATS = (30 * 86_400) / 300;
/** Heartbeats every 300 s, two charging sessions a day, a tenth of the time charging with a value a minute, a lost line a day. */
export const CHARGING: Profile = {
  heartbeats: HEARTBEATS,
  meterValues: (30 * 1440) / 10,
  sessions: 60,
  statusesPerSession: 4,
  reconnects: 30,
};
/** Connected, and nothing ever happens. */
export const IDLE: Profile = {
  heartbeats: HEARTBEATS,
  meterValues: 0,
  sessions: 0,
  statusesPerSession: 0,
  reconnects: 0,
};

/** Share of the time that a charger of the first profile charges. */
const CHARGING_SHARE = 0.1;
const FRAMES_PER_MESSAGE = 2;
/** The log keeps a frame for 14 of 30 days, and no more than that many. */
const KEPT_SHARE = 14 / 30;
const FRAMES_KEPT_MAX = 10_000;

/** What one charger uses and costs in a month. */
export interface Month {
  rows: number;
  awake_s: number;
  requests: number;
  sql: number;
  storage_mb: number;
  usd: number;
}

export function monthOf(use: SessionUse, profile: Profile): Month {
  const { heartbeats, meterValues, sessions, reconnects } = profile;
  const statuses = sessions * profile.statusesPerSession;
  const idleShare = meterValues > 0 ? 1 - CHARGING_SHARE : 1;
  const messages = heartbeats + meterValues + statuses + 3 * sessions;
  const frames = messages * FRAMES_PER_MESSAGE;
  const happened: [times: number, event: EventUse][] = [
    [heartbeats, use.heartbeat],
    [meterValues, use.meter_values],
    [statuses, use.status_notification],
    [sessions, use.authorize],
    [sessions, use.start],
    [sessions, use.stop],
    [reconnects, use.connect],
    [reconnects, use.disconnect],
    [heartbeats * idleShare * use.liveness_alarm.per_heartbeat, use.liveness_alarm],
    [meterValues * use.charging_alarm.per_meter_value, use.charging_alarm],
    [frames, use.dropped_frame],
  ];
  const sum = (of: (event: EventUse) => number) =>
    happened.reduce((total, [times, event]) => total + times * of(event), 0);
  const kept = Math.min(frames * KEPT_SHARE, FRAMES_KEPT_MAX);
  return priced({
    rows: sum(({ rows }) => rows),
    awake_s: sum(({ awake_ms }) => awake_ms) / 1000,
    requests: sum(({ requests }) => requests),
    sql: sum(({ sql }) => sql),
    storage_mb: (use.bytes_at_rest + kept * use.bytes_per_frame) / 1e6,
  });
}

function priced(month: Omit<Month, "usd">): Month {
  const usd =
    month.rows * USD_PER_ROW +
    month.awake_s * OBJECT_GB * USD_PER_GB_SECOND +
    month.requests * USD_PER_REQUEST +
    (month.storage_mb / 1000) * USD_PER_GB_MONTH;
  return { ...month, usd };
}
