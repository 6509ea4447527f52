/** A car that is plugged in. Its battery decides how much power it draws. */
export interface Car {
  readonly capacityWh: number;
  /** Energy in the battery when the meter was last settled. */
  readonly storedWh: number;
  /** Power that the car draws at most. */
  readonly maxW: number;
  /** True: the car asks for no energy, whatever its battery. */
  readonly isIdle: boolean;
  /** True: it was plugged in by a command and stays until it is unplugged by one. */
  readonly stays: boolean;
}

/** Constant power between two times, epoch ms. */
export interface Stretch {
  readonly startMs: number;
  readonly endMs: number;
  readonly watts: number;
}

const HOUR_MS = 3_600_000;
/** A car takes a third of its power at first, then two thirds, then all of it. */
const RAMP_STEP_MS = 5_000;
const RAMP_STEPS = 3;
/** Shares of the power near a full battery: up to which state of charge, and how much. */
const TAPER = [
  { upTo: 0.8, share: 1 },
  { upTo: 0.85, share: 0.8 },
  { upTo: 0.9, share: 0.6 },
  { upTo: 0.95, share: 0.4 },
  { upTo: 1, share: 0.2 },
] as const;

/** A battery that is never full: the car of a transaction that an older release began. */
export const ENDLESS: Car = {
  capacityWh: Number.POSITIVE_INFINITY,
  storedWh: 0,
  maxW: Number.POSITIVE_INFINITY,
  isIdle: false,
  stays: false,
};

/**
 * The power of a car from a time on, as stretches without gaps; the last one has no end. Exact: a station that looks at
 * its meter once an hour reads the same energy as one that looks every second.
 *
 * @param limitW what the station offers
 * @param rampFromMs when the car began to draw
 */
export function powerCurve(car: Car, limitW: number, rampFromMs: number, fromMs: number): Stretch[] {
  const curve: Stretch[] = [];
  let startMs = fromMs;
  let storedWh = car.storedWh;
  for (;;) {
    const band = TAPER.find(({ upTo }) => storedWh < upTo * car.capacityWh);
    const step = Math.min(RAMP_STEPS, Math.floor(Math.max(0, startMs - rampFromMs) / RAMP_STEP_MS) + 1);
    const wantedW = band && !car.isIdle ? (car.maxW * band.share * step) / RAMP_STEPS : 0;
    const watts = Math.min(limitW, wantedW);
    if (!band || !(watts > 0)) return [...curve, { startMs, endMs: Number.POSITIVE_INFINITY, watts: 0 }];
    const bandEndWh = band.upTo * car.capacityWh;
    const bandEndMs = startMs + ((bandEndWh - storedWh) / watts) * HOUR_MS;
    const stepEndMs = step < RAMP_STEPS ? rampFromMs + step * RAMP_STEP_MS : Number.POSITIVE_INFINITY;
    const endMs = Math.min(bandEndMs, stepEndMs);
    curve.push({ startMs, endMs, watts });
    if (endMs === Number.POSITIVE_INFINITY) return curve;
    storedWh = bandEndMs <= stepEndMs ? bandEndWh : storedWh + (watts * (endMs - startMs)) / HOUR_MS;
    startMs = endMs;
  }
}

export function energyUntil(curve: readonly Stretch[], untilMs: number): number {
  return curve.reduce((wh, { startMs, endMs, watts }) => {
    const elapsedMs = Math.min(endMs, untilMs) - startMs;
    return elapsedMs > 0 ? wh + (watts * elapsedMs) / HOUR_MS : wh;
  }, 0);
}

export function powerAt(curve: readonly Stretch[], atMs: number): number {
  return (curve.find(({ endMs }) => atMs < endMs) ?? curve.at(-1))?.watts ?? 0;
}

/** When the curve has delivered this much energy, epoch ms; null: never. */
export function timeOfEnergy(curve: readonly Stretch[], wantedWh: number): number | null {
  let restWh = wantedWh;
  for (const { startMs, endMs, watts } of curve) {
    const stretchWh = watts === 0 ? 0 : (watts * (endMs - startMs)) / HOUR_MS;
    if (watts > 0 && restWh <= stretchWh) return startMs + (restWh / watts) * HOUR_MS;
    restWh -= stretchWh;
  }
  return null;
}

/** When the car stops drawing, epoch ms; null: never. */
export function timeOfEnd(curve: readonly Stretch[]): number | null {
  const last = curve.at(-1);
  return last?.watts === 0 ? last.startMs : null;
}

/** State of charge in percent. */
export function stateOfCharge({ capacityWh, storedWh }: Car): number {
  return Math.min(100, (storedWh / capacityWh) * 100);
}
