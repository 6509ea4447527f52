import { FRAME_AGE_MAX_MS } from "./frame-log.ts";
import type { LiveSocket } from "./live-socket.ts";
import { livenessDueMs } from "./liveness.ts";
import type { SessionRecord } from "./session-record.ts";
import type { SessionStore } from "./session-store.ts";

const FLUSH_AFTER_MS = 1000;
const FLUSH_BACKOFF_MAX_MS = 60_000;
/** Traffic moves the alarm of a healthy object at most this often: every move is a write. */
const PUSH_STEP_MS = 60_000;

/** The one alarm of a session wakes it for the earliest of flush, liveness and retention. */
export class AlarmClock {
  readonly #storage: DurableObjectStorage;
  readonly #store: SessionStore;

  constructor(storage: DurableObjectStorage, store: SessionStore) {
    this.#storage = storage;
    this.#store = store;
  }

  /** Sets the alarm if it has to ring earlier, or much later, than it would. True when the record was saved. */
  arm(record: SessionRecord, live: LiveSocket | null, nowMs: number): boolean {
    const dueMs = this.#dueMs(record, live, nowMs);
    const { alarmAtMs } = record;
    if (dueMs === null || (alarmAtMs !== null && dueMs >= alarmAtMs && dueMs - alarmAtMs < PUSH_STEP_MS))
      return false;
    record.alarmAtMs = dueMs;
    this.#store.save(record);
    void this.#storage.setAlarm(dueMs);
    return true;
  }

  #dueMs(record: SessionRecord, live: LiveSocket | null, nowMs: number): number | null {
    const dues: number[] = [];
    if (this.#store.hasUnflushed || record.isRetired) dues.push(nowMs + flushDelayMs(record));
    if (live) dues.push(livenessDueMs(record, live));
    if (dues.length === 0 && this.#store.hasTables) {
      const oldestAtMs = this.#store.frames.oldestAtMs();
      if (oldestAtMs !== null) dues.push(oldestAtMs + FRAME_AGE_MAX_MS);
    }
    return dues.length === 0 ? null : Math.min(...dues);
  }
}

function flushDelayMs({ flushFailures }: SessionRecord): number {
  return Math.min(FLUSH_BACKOFF_MAX_MS, FLUSH_AFTER_MS * 2 ** flushFailures);
}
