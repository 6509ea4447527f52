import { call } from "../line/calls.ts";
import { measurandsOf, readMeter } from "./meter.ts";
import { settingNumber } from "../station/setting-value.ts";
import { chargingConnectors, setCharge, updateTransaction } from "./transactions.ts";
import type { Turn } from "../station/turn.ts";

const ALIGNED_MAX = 100;

/** Running transactions report their meters at this interval; 0 is never. */
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

/** Meters are read at multiples of the interval since midnight, in and outside transactions; 0 is never. */
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

/** For the last message of the transaction; the oldest make room. */
function keepAligned(turn: Turn, connectorId: number): void {
  const readings = readMeter(turn, connectorId, measurandsOf(turn, "StopTxnAlignedData"));
  if (readings.length === 0) return;
  const earlier = turn.state.memory.charges[connectorId]?.aligned ?? [];
  const aligned = [...earlier, { atMs: turn.around.nowMs, readings }].slice(-ALIGNED_MAX);
  setCharge(turn, connectorId, { aligned });
}

/** New intervals count from now on. */
export function rearmSampling(turn: Turn): void {
  if (chargingConnectors(turn).length > 0) startSampling(turn);
  turn.clearTimer("aligned");
  if (turn.state.power === "on") startAligned(turn);
}
