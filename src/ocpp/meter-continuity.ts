/** Registers count up to these and go on from 0, in Wh: decimal digits, or a word of 31 or 32 bits. */
const MODULI_WH = [1e6, 1e7, 1e8, 1e9, 1e10, 2 ** 31, 2 ** 32];
/** How near to its end a register is before it rolls over, and to 0 after that, as a part of its range. */
const EDGE = 0.01;
/** No station delivers more between two readings of one transaction. */
const STEP_MAX_WH = 200_000;
/** Readings of one register in different resolutions, for instance kWh with one decimal and Wh, differ by this. */
const ROUNDING_WH = 100;

/**
 * Wh to add to a reading and to all later ones of a transaction, so that the energy goes on from the reading before it. 0: the
 * register has not gone back.
 *
 * - A register that was about to overflow and is near 0 has rolled over: its range is added.
 * - One that has lost more than half counts from 0 again, after a reset or a restart: what it had counted is added.
 * - Any other step back is another meter, whose first reading is where counting goes on; a small one is rounding.
 */
export function offsetAfter(beforeWh: number, readingWh: number): number {
  const lostWh = beforeWh - readingWh;
  if (lostWh <= ROUNDING_WH) return 0;
  const modulus = MODULI_WH.find((range) => hasRolledOver(range, beforeWh, readingWh));
  if (modulus !== undefined) return modulus;
  return readingWh < beforeWh / 2 ? beforeWh : lostWh;
}

function hasRolledOver(range: number, beforeWh: number, readingWh: number): boolean {
  const isAtEdge = beforeWh < range && beforeWh >= range * (1 - EDGE) && readingWh <= range * EDGE;
  return isAtEdge && range - beforeWh + readingWh <= STEP_MAX_WH;
}

/** What is known of a transaction's register. `offsetWh`: the sum of its `offsetAfter`. */
export interface MeterFacts {
  readonly meterStartWh: number | null;
  /** Its last reading, or its end. */
  readonly meterWh: number | null;
  readonly offsetWh: number;
}

/** Wh delivered by a transaction; null: its start or any later reading is not known. Never negative. */
export function deliveredWh({ meterStartWh, meterWh, offsetWh }: MeterFacts): number | null {
  if (meterStartWh === null || meterWh === null) return null;
  return Math.max(0, meterWh - meterStartWh + offsetWh);
}
