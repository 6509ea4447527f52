import { leaseDueMs } from "./settings/lease-renewal.ts";
import type { LiveSocket, SessionSockets } from "./line/live-socket.ts";
import { livenessDueMs } from "./line/liveness.ts";
import { startsDueMs } from "./storage/remote-starts.ts";
import type { SessionRecord } from "./storage/session-record.ts";
import type { SessionStore } from "./storage/session-store.ts";

const FLUSH_AFTER_MS = 1000;
const FLUSH_BACKOFF_MAX_MS = 60_000;
const NEW_FOR_MS = 60_000;

interface AlarmClockHooks {
  /** Brings the outbox to Postgres. `isUrgent`: at once, whoever else has something to tell. */
  flush(isUrgent: boolean): Promise<void>;
  /** Keeps the object alive for this. */
  waitUntil(work: Promise<void>): void;
}

/**
 * The one alarm of a session wakes it for the earliest of flush, liveness, lease and retention. Traffic never moves it later:
 * setting it is a billed row. It rings too early at worst, looks what is due, and is set again. While a line is open it is noted
 * with the socket.
 *
 * The facts of a connected station are flushed in the turn that told them, without a timer, which would keep the object
 * awake; those of a direct line wait for a timer, so that the facts of a starting fleet go together. What a flush that was cut
 * off leaves behind goes with the next fact, or at the next alarm.
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

  /** The alarm has rung: none is set. */
  rang(record: SessionRecord): void {
    record.alarmAtMs = null;
    const memory = this.#sockets.memoryOf(record.generation);
    if (memory) memory.alarmAtMs = null;
  }

  /** To be called at the end of a turn: flushes what a connected station told, and has the alarm ring in time. */
  arm(record: SessionRecord): void {
    const nowMs = Date.now();
    const live = record.connected && this.#sockets.live(record.generation);
    const isFlushed = live !== null && isCalm(record) && !record.isOrphan;
    if (isFlushed && this.#store.hasUnflushed) this.#flushSoon(live.attachment.direct);
    const dueMs = this.#dueMs(record, live, nowMs);
    const { alarmAtMs = record.alarmAtMs } = live?.attachment ?? {};
    // One that should have rung may be lost with a runtime that was killed.
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

  /** What did not arrive is left to the alarm, which backs off. */
  #afterFlush(): void {
    const { record } = this.#store;
    if (record && this.#store.hasUnflushed) this.arm(record);
  }

  #dueMs(record: SessionRecord, live: LiveSocket | null, nowMs: number): number | null {
    if (live && !record.lease && isCalm(record) && isNewAndDirect(live, nowMs)) return null;
    const dues: number[] = [];
    if (record.isOrphan) return null;
    const isFlushing = live !== null && isCalm(record);
    if (this.#store.hasUnflushed && !isFlushing) dues.push(nowMs + flushDelayMs(record));
    else if (record.isRetired) dues.push(nowMs + flushDelayMs(record));
    if (live) dues.push(livenessDueMs(record, live));
    if (live && record.lease) dues.push(leaseDueMs(record.lease, live));
    const startsDue = startsDueMs(record);
    if (startsDue !== null) dues.push(startsDue);
    const pruneDueMs = dues.length === 0 ? this.#store.frames.pruneDueMs() : null;
    if (pruneDueMs !== null) dues.push(pruneDueMs);
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
