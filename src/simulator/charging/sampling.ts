import { call } from "../line/calls.ts";
import { measurandsOf, readMeter } from "./meter.ts";
import { settingNumber } from "../station/setting-value.ts";
import { chargingConnectors, setCharge, updateTransaction } from "./transactions.ts";
import type { Turn } from "../station/turn.ts";

const ALIGNED_MAX = 100;

/** Starts meter values of running transactions at the configured interval; 0: none. */
export function startSampling(turn: Turn): void {
  const seconds = settingNumber(turn.state, "MeterValueSampleInterval");
  if (seconds > 0) turn.setTimer("meter", seconds * 1_000);
  else turn.clearTimer("meter");
}

export function sample(turn: Turn): void {
  const charging = chargingConnectors(turn);
  for (const id of charging) updateTransaction(turn, id, "periodic");
  if (charging.length > 0) startSampling(turn);
}

/**
 * Starts clock-aligned meter values, at multiples of the interval since midnight, in and outside of transactions; 0:
 * none.
 */
export function startAligned(turn: Turn): void {
  const intervalMs = settingNumber(turn.state, "ClockAlignedDataInterval") * 1_000;
  if (intervalMs <= 0) return;
  const { nowMs } = turn.around;
  const sinceMidnightMs = nowMs % 86_400_000;
  turn.setTimer("aligned", intervalMs - (sinceMidnightMs % intervalMs));
}

export function sampleAligned(turn: Turn): void {
  const charging = chargingConnectors(turn);
  for (let id = 1; id <= turn.state.profile.connectors; id++) {
    if (charging.includes(id)) {
      updateTransaction(turn, id, "aligned");
      keepAligned(turn, id);
    } else call(turn, "MeterValues", turn.dialect.meterValues(turn, id, "Sample.Clock"));
  }
  startAligned(turn);
}

/** Stores clock-aligned values for the last message of the transaction; the oldest are dropped. */
function keepAligned(turn: Turn, connectorId: number): void {
  const readings = readMeter(turn, connectorId, measurandsOf(turn, "StopTxnAlignedData"));
  if (readings.length === 0) return;
  const earlier = turn.state.memory.charges[connectorId]?.aligned ?? [];
  const aligned = [...earlier, { atMs: turn.around.nowMs, readings }].slice(-ALIGNED_MAX);
  setCharge(turn, connectorId, { aligned });
}

/** Restarts the timers with new intervals. */
export function rearmSampling(turn: Turn): void {
  if (chargingConnectors(turn).length > 0) startSampling(turn);
  turn.clearTimer("aligned");
  if (turn.state.power === "on") startAligned(turn);
}
