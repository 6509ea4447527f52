import { AsyncLocalStorage } from "node:async_hooks";
import { realMs, realNow } from "./bench-clock.ts";

/** What an object used between waking up and having nothing left to wait for. */
export interface Window {
  /** What woke it: names of its handlers and methods. */
  events: string[];
  /** Of all of them; twenty messages over a WebSocket are one request. */
  requests: number;
  rows: number;
  alarms: number;
  /** Lengths in ms of the timers that rang. */
  waited: number[];
  /** Lengths in ms of the timers that were cleared before. */
  cleared: number[];
  /** Statements to Postgres, without those that only guard one. */
  sql: number;
  awakeMs: number;
}

type Counts = Omit<Window, "awakeMs" | "rows"> & { puts: number; cursors: SqlStorageCursor<never>[] };

const fresh = (): Counts => ({
  events: [],
  requests: 0,
  puts: 0,
  cursors: [],
  alarms: 0,
  waited: [],
  cleared: [],
  sql: 0,
});

const REQUESTS_PER_MESSAGE = 1 / 20;

const present = new AsyncLocalStorage<Meter>();
const setRealTimeout = globalThis.setTimeout;
const clearRealTimeout = globalThis.clearTimeout;

/** The meter of the object on whose behalf the present code runs. */
export const presentMeter = (): Meter | undefined => present.getStore();

/** Counts what one object does. It outlives the object's instances, which come and go as the object sleeps and wakes. */
export class Meter {
  /** Epoch ms by the moved clock; null: no alarm is set. */
  alarmAtMs: number | null = null;
  #windows: Window[] = [];
  #counts = fresh();
  /** Handlers, timers and requests under way. */
  #active = 0;
  #openedAtMs: number | null = null;
  /** Kept, so that the runtime's wrapper with the counting methods is never collected. */
  #storage: DurableObjectStorage | null = null;

  get isAwake(): boolean {
    return this.#openedAtMs !== null;
  }

  takeWindows(): Window[] {
    return this.#windows.splice(0);
  }

  /** Runs a handler or method of the object. */
  run<Result>(event: string, work: () => Result): Result {
    // One method calls another: nothing woke the object.
    if (present.getStore() === this) return work();
    if (event === "alarm") this.alarmAtMs = null;
    this.#counts.events.push(event);
    this.#counts.requests += event.startsWith("webSocket") ? REQUESTS_PER_MESSAGE : 1;
    return present.run(this, () => this.#whileAwake(work));
  }

  /** Has every use of an instance's storage counted. */
  attach(state: DurableObjectState): void {
    const { storage } = state;
    this.#storage = storage;
    const count = (rows: number) => (this.#counts.puts += rows);
    instead(storage.sql, "exec", (exec) => (...args) => {
      const cursor = exec(...args);
      this.#counts.cursors.push(cursor as SqlStorageCursor<never>);
      return cursor;
    });
    for (const target of [storage, storage.kv]) {
      instead(
        target,
        "put",
        (put) =>
          (...args) => (count(keysOf(args[0])), put(...args)),
      );
      instead(
        target,
        "delete",
        (drop) =>
          (...args) => (count(keysOf(args[0])), drop(...args)),
      );
    }
    instead(storage, "setAlarm", (set) => (atMs, ...rest) => {
      this.#counts.alarms++;
      count(1);
      this.alarmAtMs = Number(atMs);
      return set(realMs(this.alarmAtMs), ...rest);
    });
    instead(storage, "deleteAlarm", (drop) => (...args) => {
      count(1);
      this.alarmAtMs = null;
      return drop(...args);
    });
    instead(state, "waitUntil", (wait) => (work) => {
      wait(this.#whileAwake(() => work as Promise<unknown>));
    });
  }

  /** The runtime's clock is not moved: an alarm that is set must ring by it. */
  async keepAlarm(): Promise<void> {
    if (this.#storage === null || this.alarmAtMs === null) return;
    const { setAlarm } = Object.getPrototypeOf(this.#storage) as DurableObjectStorage;
    await setAlarm.call(this.#storage, realMs(this.alarmAtMs));
  }

  /** Starts a timer; what it returns clears it. */
  startTimer(run: () => void, ms: number): () => void {
    const length = Math.round(ms);
    this.#hold();
    let isOver = false;
    const end = (list: number[]) => {
      if (isOver) return;
      isOver = true;
      list.push(length);
      this.#release();
    };
    const timer = setRealTimeout(() => {
      try {
        run();
      } finally {
        end(this.#counts.waited);
      }
    }, ms);
    return () => {
      clearRealTimeout(timer);
      end(this.#counts.cleared);
    };
  }

  /** Counts a timer that nobody can clear and that keeps no object awake. */
  noteTimer(ms: number): void {
    this.#counts.waited.push(Math.round(ms));
  }

  /** Sends statements to Postgres, or anything else that is waited for. */
  send<Result>(statements: number, work: () => Promise<Result>): Promise<Result> {
    this.#counts.sql += statements;
    return this.#whileAwake(work);
  }

  #whileAwake<Result>(work: () => Result): Result {
    this.#hold();
    let result: Result;
    try {
      result = work();
    } catch (error) {
      this.#release();
      throw error;
    }
    if (!(result instanceof Promise)) {
      this.#release();
      return result;
    }
    return result.finally(() => this.#release()) as Result;
  }

  #hold(): void {
    this.#active++;
    this.#openedAtMs ??= realNow();
  }

  /** The runtime's clock stands still while code runs, so the end is looked up by a timer. Whatever goes on meanwhile holds again. */
  #release(): void {
    this.#active--;
    if (this.#active === 0) setRealTimeout(() => this.#close(), 0);
  }

  #close(): void {
    if (this.#active > 0 || this.#openedAtMs === null) return;
    const { puts, cursors, ...counts } = this.#counts;
    const rows = cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, puts);
    this.#windows.push({ ...counts, rows, awakeMs: realNow() - this.#openedAtMs });
    this.#counts = fresh();
    this.#openedAtMs = null;
  }
}

type Method = (...args: never[]) => unknown;

/** Puts a method before the one that an object of the runtime has. */
function instead<Target extends object, Name extends keyof Target>(
  target: Target,
  name: Name,
  make: (original: (...args: unknown[]) => unknown) => (...args: unknown[]) => unknown,
): void {
  const original = (target[name] as Method).bind(target) as (...args: unknown[]) => unknown;
  Object.defineProperty(target, name, { value: make(original), configurable: true, writable: true });
}

function keysOf(given: unknown): number {
  if (Array.isArray(given)) return given.length;
  return typeof given === "object" && given !== null ? Object.keys(given).length : 1;
}
