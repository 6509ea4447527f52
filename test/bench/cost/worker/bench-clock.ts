/**
 * The clock of the measured Worker: the real one, plus what the bench moved it ahead. Loaded before the product, which reads
 * the time through the global `Date`.
 */
const RealDate = Date;
let aheadMs = 0;

class BenchDate extends RealDate {
  constructor(...args: unknown[]) {
    if (args.length === 0) super(BenchDate.now());
    else super(...(args as [number]));
  }

  static override now(): number {
    return RealDate.now() + aheadMs;
  }
}

globalThis.Date = BenchDate as DateConstructor;

export function moveAhead(ms: number): void {
  aheadMs += ms;
}

/** Epoch ms of the runtime's own clock, by which it rings alarms. */
export function realMs(benchMs: number): number {
  return benchMs - aheadMs;
}

/** Epoch ms, not moved ahead. */
export const realNow = (): number => RealDate.now();
