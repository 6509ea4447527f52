import type { EngineCost } from "./engine-counters.ts";

/** One batch from its start to its last charger. Times in ms. */
export interface MeasuredRun extends EngineCost {
  chargers: number;
  wallMs: number;
  /** Until the batch was taken. */
  acceptMs: number;
}

/** Deliveries of a batch whose chargers take one step each, when nothing fails. */
export function deliveriesOf(chargers: number): number {
  return 2 * chargers + Math.ceil(chargers / 100) + 1;
}

/** Generous: 20 chargers a second are far below every goal. */
export function deadlineOf(chargers: number): number {
  return 30_000 + chargers * 50;
}
