/** Flow control that a message was published with. A missing limit means no limit. */
export interface FlowControl {
  key: string;
  parallelism?: number;
  rate?: number;
  periodMs?: number;
}

export interface Queued {
  readonly flow: FlowControl | undefined;
  isDropped: boolean;
}

export interface LaneStats {
  waiting: number;
  inFlight: number;
  inFlightMax: number;
}

interface Lane<Item> {
  /** Of the newest message. */
  limits: FlowControl;
  /** How many waiting messages were published with each parallelism. */
  parallelisms: Map<number, number>;
  queue: Item[];
  head: number;
  inFlight: number;
  inFlightMax: number;
  windowEndsAtMs: number;
  windowStarts: number;
}

const unkeyed: FlowControl = { key: "" };

/**
 * Due messages by flow-control key: first in, first out inside a key, round robin over the keys.
 * The rate of a key is that of the newest message; its parallelism is the highest that the newest or a waiting message
 * was published with, so a lower one holds once the messages before it are drained. Counters live in memory only, so a
 * crash cannot leak a slot.
 */
export class FlowLanes<Item extends Queued> {
  readonly #lanes = new Map<string, Lane<Item>>();
  readonly #nonEmpty = new Set<Lane<Item>>();
  readonly #timeScale: number;
  #opensAtMs = Infinity;

  constructor(timeScale: number) {
    this.#timeScale = timeScale;
  }

  /** When the earliest rate window that held back the last `next()` ends; Infinity without one. */
  get opensAtMs(): number {
    return this.#opensAtMs;
  }

  push(item: Item): void {
    const lane = this.#laneOf(item);
    if (item.flow) lane.limits = item.flow;
    count(lane.parallelisms, item, 1);
    lane.queue.push(item);
    this.#nonEmpty.add(lane);
  }

  /** The next message that may start now; it counts as in flight until `release`. */
  next(nowMs: number): Item | undefined {
    this.#opensAtMs = Infinity;
    for (const lane of this.#nonEmpty) {
      if (!this.#hasRoom(lane, nowMs)) continue;
      const item = this.#shift(lane);
      this.#nonEmpty.delete(lane);
      if (lane.head < lane.queue.length) this.#nonEmpty.add(lane);
      if (item) return this.#start(lane, item, nowMs);
    }
    return undefined;
  }

  release(item: Item): void {
    this.#laneOf(item).inFlight--;
  }

  stats(): Record<string, LaneStats> {
    const byKey: Record<string, LaneStats> = {};
    for (const [key, { queue, head, inFlight, inFlightMax }] of this.#lanes) {
      byKey[key] = { waiting: queue.length - head, inFlight, inFlightMax };
    }
    return byKey;
  }

  #laneOf(item: Item): Lane<Item> {
    const limits = item.flow ?? unkeyed;
    let lane = this.#lanes.get(limits.key);
    if (!lane) {
      lane = {
        limits,
        parallelisms: new Map(),
        queue: [],
        head: 0,
        inFlight: 0,
        inFlightMax: 0,
        windowEndsAtMs: 0,
        windowStarts: 0,
      };
      this.#lanes.set(limits.key, lane);
    }
    return lane;
  }

  #hasRoom(lane: Lane<Item>, nowMs: number): boolean {
    const { parallelism, rate } = lane.limits;
    if (parallelism !== undefined && lane.inFlight >= Math.max(parallelism, ...lane.parallelisms.keys()))
      return false;
    if (rate === undefined || nowMs >= lane.windowEndsAtMs || lane.windowStarts < rate) return true;
    this.#opensAtMs = Math.min(this.#opensAtMs, lane.windowEndsAtMs);
    return false;
  }

  #shift(lane: Lane<Item>): Item | undefined {
    let item: Item | undefined;
    do {
      item = lane.queue[lane.head++];
      if (item) count(lane.parallelisms, item, -1);
    } while (item?.isDropped);
    if (lane.head >= lane.queue.length) {
      lane.queue = [];
      lane.head = 0;
    } else if (lane.head > 1000 && lane.head * 2 > lane.queue.length) {
      lane.queue = lane.queue.slice(lane.head);
      lane.head = 0;
    }
    return item;
  }

  #start(lane: Lane<Item>, item: Item, nowMs: number): Item {
    lane.inFlight++;
    lane.inFlightMax = Math.max(lane.inFlightMax, lane.inFlight);
    if (nowMs >= lane.windowEndsAtMs) {
      lane.windowEndsAtMs = nowMs + (lane.limits.periodMs ?? 1000) * this.#timeScale;
      lane.windowStarts = 0;
    }
    lane.windowStarts++;
    return item;
  }
}

function count(parallelisms: Map<number, number>, { flow }: Queued, change: 1 | -1): void {
  const parallelism = flow?.parallelism;
  if (parallelism === undefined) return;
  const waiting = (parallelisms.get(parallelism) ?? 0) + change;
  if (waiting > 0) parallelisms.set(parallelism, waiting);
  else parallelisms.delete(parallelism);
}
