import type { Clock } from "./clock.ts";
import { DueHeap } from "./due-heap.ts";
import { FlowLanes, type FlowControl, type LaneStats } from "./flow-lanes.ts";

/** A stored message in the scheduler. `isDropped`: the answer to its delivery is ignored. */
export interface Pending {
  readonly pk: number;
  readonly dueAtMs: number;
  readonly flow: FlowControl | undefined;
  isDropped: boolean;
}

/**
 * Decides when a message is delivered. Pending messages are stored, claims are kept in memory only: after a crash every message
 * can be claimed at once, with its counters unchanged.
 */
export class Scheduler {
  readonly #clock: Clock;
  readonly #parallelismMax: number;
  readonly #lanes: FlowLanes<Pending>;
  readonly #later = new DueHeap<Pending>();
  readonly #live = new Map<number, Pending>();
  #deliver: ((pending: Pending) => Promise<void>) | undefined;
  #inFlight = 0;
  #isPaused = false;
  #isPumpPlanned = false;
  #wakeAtMs = Infinity;
  #cancelWake = (): void => undefined;
  #whenIdle: (() => void)[] = [];

  constructor(clock: Clock, parallelismMax: number, timeScale: number) {
    this.#clock = clock;
    this.#parallelismMax = parallelismMax;
    this.#lanes = new FlowLanes(timeScale);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get pendingCount(): number {
    return this.#live.size;
  }

  laneStats(): Record<string, LaneStats> {
    return this.#lanes.stats();
  }

  start(deliver: (pending: Pending) => Promise<void>): void {
    this.#deliver = deliver;
    this.#pumpSoon();
  }

  add(pending: Pending): void {
    this.#live.set(pending.pk, pending);
    if (pending.dueAtMs <= this.#clock.nowMs()) this.#lanes.push(pending);
    else this.#later.push(pending);
    this.#pumpSoon();
  }

  /** Removes a message. When it is in flight, the answer of its endpoint is ignored. */
  drop(pk: number): void {
    const pending = this.#live.get(pk);
    if (!pending) return;
    pending.isDropped = true;
    this.#live.delete(pk);
  }

  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#pumpSoon();
  }

  /** After a move of the clock: looks again at what is due, and arms its wake-up anew. */
  clockMoved(): void {
    this.#cancelWake();
    this.#wakeAtMs = Infinity;
    this.#pumpSoon();
  }

  /** Claims nothing more and resolves once nothing is in flight, or after the deadline. */
  async stop(deadlineMs: number): Promise<void> {
    this.#deliver = undefined;
    this.#cancelWake();
    if (this.#inFlight === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, deadlineMs);
      this.#whenIdle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #pumpSoon(): void {
    if (this.#isPumpPlanned || !this.#deliver) return;
    this.#isPumpPlanned = true;
    setImmediate(() => {
      this.#isPumpPlanned = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (!this.#deliver || this.#isPaused) return;
    const nowMs = this.#clock.nowMs();
    for (let head = this.#later.peek(); head && head.dueAtMs <= nowMs; head = this.#later.peek()) {
      this.#later.pop();
      if (!head.isDropped) this.#lanes.push(head);
    }
    let opensAtMs = Infinity;
    while (this.#inFlight < this.#parallelismMax) {
      const pending = this.#lanes.next(nowMs);
      opensAtMs = this.#lanes.opensAtMs;
      if (!pending) break;
      void this.#run(this.#deliver, pending);
    }
    this.#wake(Math.min(opensAtMs, this.#later.peek()?.dueAtMs ?? Infinity));
  }

  async #run(deliver: (pending: Pending) => Promise<void>, pending: Pending): Promise<void> {
    this.#inFlight++;
    try {
      await deliver(pending);
    } finally {
      this.#inFlight--;
      this.#lanes.release(pending);
      this.#pumpSoon();
      if (this.#inFlight === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
    }
  }

  #wake(atMs: number): void {
    if (atMs === this.#wakeAtMs) return;
    this.#cancelWake();
    this.#wakeAtMs = atMs;
    if (atMs === Infinity) return;
    this.#cancelWake = this.#clock.wakeAt(atMs, () => {
      this.#wakeAtMs = Infinity;
      this.#pumpSoon();
    });
  }
}
