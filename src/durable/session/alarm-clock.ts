import { leaseDueMs } from "./settings/lease-renewal.ts";
import type { LiveSocket, SessionSockets } from "./line/live-socket.ts";
import { livenessDueMs } from "./line/liveness.ts";
import { expireStarts, startsDueMs } from "./storage/remote-starts.ts";
import { expireReservations, reservationsDueMs } from "./storage/reservations.ts";
import type { SessionRecord } from "./storage/session-record.ts";
import type { SessionStore } from "./storage/session-store.ts";

const FLUSH_AFTER_MS = 1000;
const FLUSH_BACKOFF_MAX_MS = 60_000;
const NEW_FOR_MS = 60_000;

interface AlarmClockHooks {
  /** Writes the outbox to Postgres. `isUrgent`: without waiting to share a statement with other sessions. */
  flush(isUrgent: boolean): Promise<void>;
  /** Keeps the object in memory until `work` settles. */
  waitUntil(work: Promise<void>): void;
}

/**
 * Sets the one alarm of a session for the earliest of flush, liveness, lease and pruning. Traffic never moves it later, because
 * setting an alarm is a billed row; an early alarm checks what is due and is set again. While a line is open, the alarm time is
 * kept in the socket's attachment.
 *
 * The facts of a connected station are flushed in the turn that adds them, without a timer, which would keep the object in
 * memory. On a direct line a timer collects them, so that the facts of a starting fleet share statements. Facts of an interrupted
 * flush are sent with the next fact or by the next alarm.
 */
export class AlarmClock {
  readonly #storage: DurableObjectStorage;
  readonly #store: SessionStore;
  readonly #sockets: SessionSockets;
  readonly #hooks: AlarmClockHooks;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    storage: DurableObjectStorage,
    store: SessionStore,
    sockets: SessionSockets,
    hooks: AlarmClockHooks,
  ) {
    this.#storage = storage;
    this.#store = store;
    this.#sockets = sockets;
    this.#hooks = hooks;
  }

  /** Call when the alarm fires: none is set now, and remote starts and reservations that are due expire. */
  fired(record: SessionRecord): void {
    record.alarmAtMs = null;
    const memory = this.#sockets.memoryOf(record.generation);
    if (memory) memory.alarmAtMs = null;
    expireStarts(record, this.#store, Date.now());
    expireReservations(record, this.#store, Date.now());
  }

  /** Call at the end of a turn: starts a flush of a connected station's facts, and sets the alarm if one is due earlier. */
  arm(record: SessionRecord): void {
    if (this.#store.waitsForBoot) return;
    const nowMs = Date.now();
    const live = record.connected && this.#sockets.live(record.generation);
    const isFlushed = live !== null && isCalm(record) && !record.isOrphan;
    if (isFlushed && this.#store.hasUnflushed) this.#flushSoon(live.attachment.direct);
    const dueMs = this.#dueMs(record, live, nowMs);
    const { alarmAtMs = record.alarmAtMs } = live?.attachment ?? {};
    // An alarm that did not fire in time may be lost: the runtime was killed.
    const isAhead = alarmAtMs !== null && alarmAtMs > nowMs;
    if (dueMs === null || (isAhead && alarmAtMs <= dueMs)) return;
    record.alarmAtMs = dueMs;
    if (live) live.attachment.alarmAtMs = dueMs;
    if (!live || !this.#sockets.keep(record.generation)) this.#store.changed();
    void this.#storage.setAlarm(dueMs);
  }

  #flushSoon(isDirect: boolean): void {
    if (!isDirect) return this.#hooks.waitUntil(this.#hooks.flush(true).then(() => this.#afterFlush()));
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#hooks.waitUntil(this.#hooks.flush(false).then(() => this.#afterFlush()));
    }, FLUSH_AFTER_MS);
  }

  /** Leaves facts that were not delivered to the alarm, which backs off. */
  #afterFlush(): void {
    const { record } = this.#store;
    if (record && this.#store.hasUnflushed) this.arm(record);
  }

  #dueMs(record: SessionRecord, live: LiveSocket | null, nowMs: number): number | null {
    if (record.isOrphan) return null;
    const dues = [startsDueMs(record), reservationsDueMs(record)].filter((atMs) => atMs !== null);
    if (live && !record.lease && isCalm(record) && isNewAndDirect(live, nowMs)) return earliest(dues);
    const isFlushing = live !== null && isCalm(record);
    if (this.#store.hasUnflushed && !isFlushing) dues.push(nowMs + flushDelayMs(record));
    else if (record.isRetired) dues.push(nowMs + flushDelayMs(record));
    if (live) dues.push(livenessDueMs(record, live));
    if (live && record.lease) dues.push(leaseDueMs(record.lease, live));
    const pruneDueMs = dues.length === 0 ? this.#store.frames.pruneDueMs() : null;
    if (pruneDueMs !== null) dues.push(pruneDueMs);
    return earliest(dues);
  }
}

function earliest(dues: readonly number[]): number | null {
  return dues.length === 0 ? null : Math.min(...dues);
}

/** Whether the last flush succeeded and the session is not retired. */
function isCalm({ flushFailures, isRetired }: SessionRecord): boolean {
  return flushFailures === 0 && !isRetired;
}

/**
 * Whether a direct line is new. Its host reconnects a lost station, so no liveness alarm is needed; the first heartbeat sets one,
 * for a host that is lost itself.
 */
function isNewAndDirect({ attachment }: LiveSocket, nowMs: number): boolean {
  return attachment.direct && nowMs - attachment.connectedAtMs < NEW_FOR_MS;
}

/**
 * Back-off with jitter by charger, so that sessions that failed together do not retry together. Constant per charger: an earlier
 * time would move the alarm.
 */
function flushDelayMs({ flushFailures, chargerId }: SessionRecord): number {
  const spread = flushFailures === 0 ? 1 : 0.5 + shareOf(chargerId) / 2;
  return Math.min(FLUSH_BACKOFF_MAX_MS, FLUSH_AFTER_MS * 2 ** flushFailures * spread);
}

/** Number from 0 to 1; the last digits of an id are random. */
function shareOf(id: string): number {
  return (Number.parseInt(id.slice(-4), 16) || 0) / 0xffff;
}
