import { FRAME_AGE_MAX_MS } from "./storage/frame-log.ts";
import { leaseDueMs } from "./settings/lease-renewal.ts";
import type { LiveSocket } from "./line/live-socket.ts";
import { livenessDueMs } from "./line/liveness.ts";
import type { SessionRecord } from "./storage/session-record.ts";
import type { SessionStore } from "./storage/session-store.ts";

const FLUSH_AFTER_MS = 1000;
const FLUSH_BACKOFF_MAX_MS = 60_000;
/** Traffic moves the alarm of a healthy object at most this often: every move is a write. */
const PUSH_STEP_MS = 60_000;
const NEW_FOR_MS = 60_000;

/**
 * The one alarm of a session wakes it for the earliest of flush, liveness and retention. While a station is connected
 * and the database answers, a timer does the flushing: the object is awake then anyway, and setting, firing and moving
 * an alarm are three commits. What a lost timer leaves behind goes with the next fact, or at the liveness alarm.
 */
export class AlarmClock {
  readonly #storage: DurableObjectStorage;
  readonly #store: SessionStore;
  readonly #flush: () => Promise<void>;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(storage: DurableObjectStorage, store: SessionStore, flush: () => Promise<void>) {
    this.#storage = storage;
    this.#store = store;
    this.#flush = flush;
  }

  /**
   * Sets the alarm if it has to ring earlier, or much later, than it would, or should have rung already: a runtime that was killed
   * may have lost it. True when the record was saved.
   */
  arm(record: SessionRecord, live: LiveSocket | null, nowMs: number): boolean {
    if (live && this.#store.hasUnflushed && isCalm(record)) this.#startTimer();
    const dueMs = this.#dueMs(record, live, nowMs);
    const { alarmAtMs } = record;
    const isAhead = alarmAtMs !== null && alarmAtMs > nowMs;
    if (dueMs === null || (isAhead && dueMs >= alarmAtMs && dueMs - alarmAtMs < PUSH_STEP_MS)) return false;
    record.alarmAtMs = dueMs;
    this.#store.save(record);
    void this.#storage.setAlarm(dueMs);
    return true;
  }

  #startTimer(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#flush().then(() => this.#afterFlush());
    }, FLUSH_AFTER_MS);
  }

  /** What did not arrive is left to the alarm, which backs off. */
  #afterFlush(): void {
    const { record } = this.#store;
    if (record && this.#store.hasUnflushed) this.arm(record, null, Date.now());
  }

  #dueMs(record: SessionRecord, live: LiveSocket | null, nowMs: number): number | null {
    if (live && !record.lease && isCalm(record) && isNewAndDirect(live, nowMs)) return null;
    const dues: number[] = [];
    if (record.isOrphan) return null;
    const isTimed = live !== null && isCalm(record);
    if (this.#store.hasUnflushed && !isTimed) dues.push(nowMs + flushDelayMs(record));
    else if (record.isRetired) dues.push(nowMs + flushDelayMs(record));
    if (live) dues.push(livenessDueMs(record, live));
    if (live && record.lease) dues.push(leaseDueMs(record.lease, live));
    if (dues.length === 0) {
      const oldestAtMs = this.#store.frames.oldestAtMs();
      if (oldestAtMs !== null) dues.push(oldestAtMs + FRAME_AGE_MAX_MS);
    }
    return dues.length === 0 ? null : Math.min(...dues);
  }
}

/** The last flush arrived, and there is no end to bring about. */
function isCalm({ flushFailures, isRetired }: SessionRecord): boolean {
  return flushFailures === 0 && !isRetired;
}

/**
 * A host dials again for a station that lost its line, so a session needs no alarm to find that out. The first heartbeat sets
 * one for a host that is lost itself.
 */
function isNewAndDirect({ attachment }: LiveSocket, nowMs: number): boolean {
  return attachment.direct && nowMs - attachment.connectedAtMs < NEW_FOR_MS;
}

/** Sessions that failed together come back apart; each stays with its time, for every earlier one would move the alarm. */
function flushDelayMs({ flushFailures, chargerId }: SessionRecord): number {
  const spread = flushFailures === 0 ? 1 : 0.5 + shareOf(chargerId) / 2;
  return Math.min(FLUSH_BACKOFF_MAX_MS, FLUSH_AFTER_MS * 2 ** flushFailures * spread);
}

/** From 0 to 1; the last digits of an id are random. */
function shareOf(id: string): number {
  return (Number.parseInt(id.slice(-4), 16) || 0) / 0xffff;
}
