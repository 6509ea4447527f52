import type { Background, RateCounter } from "../../ports.ts";
import { withinOr } from "../../within.ts";

const EXCHANGE_EVERY_MS = 1_000;
const EXCHANGE_PATIENCE_MS = 5_000;
const FIRST_WAIT_MS = 100;
const KEYS_MAX = 20_000;

/** What the `RateLimit-*` headers say. */
export interface Quota {
  limit: number;
  remaining: number;
  /** Whole seconds until the window ends, at least 1. */
  resetSeconds: number;
}

export interface Allowance {
  limit: number;
  windowSeconds: number;
}

interface RateVerdict {
  allowed: boolean;
  quota: Quota;
}

export interface RateContext {
  nowMs: number;
  counter: RateCounter;
  background: Background;
}

interface Window {
  endsAtMs: number;
  /** Total of all isolates at the last exchange. */
  shared: number;
  /** Requests being added to the shared counter now. */
  inFlight: number;
  /** Admitted here since the last exchange. */
  unsent: number;
  exchangedAtMs: number;
  storeDown: boolean;
}

/**
 * Fixed windows counted in the isolate and exchanged with the shared counter in the background, at most once a
 * second per key. Only the first request of a key waits for the exchange, and at most 100 ms.
 */
export class RateWindows {
  #windows = new Map<string, Window>();
  #failOpen: boolean;
  #onStoreDown: () => void;

  /** @param options.failOpen true admits everything while the counter cannot be reached; false counts alone. */
  constructor(options: { failOpen: boolean; onStoreDown?: () => void }) {
    this.#failOpen = options.failOpen;
    this.#onStoreDown = options.onStoreDown ?? (() => undefined);
  }

  /** Counts one request unless the window is used up: a refused request changes nothing. */
  async take(key: string, allowance: Allowance, context: RateContext): Promise<RateVerdict> {
    const known = this.#windows.get(key);
    const window = known ?? this.#open(key, allowance, context.nowMs);
    this.#roll(window, allowance, context.nowMs);
    const open = this.#failOpen && window.storeDown;
    if (!open && used(window) >= allowance.limit)
      return this.#verdict(false, window, allowance, context.nowMs);
    window.unsent += 1;
    await this.#exchangeIfDue(key, window, allowance, context, known === undefined);
    // The first exchange may show that other isolates have exhausted the window.
    const allowed =
      (this.#failOpen && window.storeDown) || used(window) <= allowance.limit || known !== undefined;
    return this.#verdict(allowed, window, allowance, context.nowMs);
  }

  /** The state of a window without counting. */
  peek(key: string, allowance: Allowance, nowMs: number): RateVerdict {
    const window = this.#windows.get(key) ?? emptyWindow(allowance, nowMs);
    this.#roll(window, allowance, nowMs);
    const open = this.#failOpen && window.storeDown;
    return this.#verdict(open || used(window) < allowance.limit, window, allowance, nowMs);
  }

  #verdict(allowed: boolean, window: Window, allowance: Allowance, nowMs: number): RateVerdict {
    const free = this.#failOpen && window.storeDown ? allowance.limit : allowance.limit - used(window);
    const resetSeconds = Math.max(1, Math.ceil((window.endsAtMs - nowMs) / 1000));
    return { allowed, quota: { limit: allowance.limit, remaining: Math.max(0, free), resetSeconds } };
  }

  #open(key: string, allowance: Allowance, nowMs: number): Window {
    const window = emptyWindow(allowance, nowMs);
    this.#windows.set(key, window);
    if (this.#windows.size > KEYS_MAX) {
      const oldest = this.#windows.keys().next();
      if (!oldest.done) this.#windows.delete(oldest.value);
    }
    return window;
  }

  #roll(window: Window, allowance: Allowance, nowMs: number): void {
    if (nowMs < window.endsAtMs) return;
    Object.assign(window, {
      endsAtMs: endOfWindow(allowance, nowMs),
      shared: 0,
      inFlight: 0,
      unsent: 0,
    });
  }

  async #exchangeIfDue(
    key: string,
    window: Window,
    allowance: Allowance,
    context: RateContext,
    first: boolean,
  ): Promise<void> {
    const sinceMs = context.nowMs - window.exchangedAtMs;
    // A cancelled request cancels its exchange too; after a while another request starts a new one.
    if (sinceMs < (window.inFlight > 0 ? EXCHANGE_PATIENCE_MS : EXCHANGE_EVERY_MS)) return;
    const exchange = this.#exchange(key, window, allowance, context);
    context.background(exchange);
    if (first) await withinOr(FIRST_WAIT_MS, exchange, undefined);
  }

  async #exchange(key: string, window: Window, allowance: Allowance, context: RateContext): Promise<void> {
    const count = window.unsent;
    const { endsAtMs } = window;
    window.exchangedAtMs = context.nowMs;
    window.inFlight = count;
    window.unsent = 0;
    const total = await context.counter
      .add(key, count, allowance.limit, allowance.windowSeconds)
      .catch(() => null);
    if (total === null) {
      if (!window.storeDown) this.#onStoreDown();
      window.storeDown = true;
      if (window.endsAtMs === endsAtMs) Object.assign(window, { shared: window.shared + count, inFlight: 0 });
      return;
    }
    window.storeDown = false;
    if (window.endsAtMs !== endsAtMs || total.resetAtMs < endsAtMs) return;
    window.inFlight = 0;
    window.shared = Math.max(total.used, window.shared + count);
  }
}

function used(window: Window): number {
  return window.shared + window.inFlight + window.unsent;
}

function emptyWindow(allowance: Allowance, nowMs: number): Window {
  return {
    endsAtMs: endOfWindow(allowance, nowMs),
    shared: 0,
    inFlight: 0,
    unsent: 0,
    exchangedAtMs: Number.NEGATIVE_INFINITY,
    storeDown: false,
  };
}

/** Start of the window in epoch ms: a multiple of its length, so that it is the same in all isolates. */
function endOfWindow(allowance: Allowance, nowMs: number): number {
  const lengthMs = allowance.windowSeconds * 1000;
  return (Math.floor(nowMs / lengthMs) + 1) * lengthMs;
}
