/** The smallest value that at least this share of the values does not exceed. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export interface Latency {
  p50: number;
  p99: number;
}

export function latencyOf(valuesMs: readonly number[]): Latency {
  return { p50: quantile(valuesMs, 0.5), p99: quantile(valuesMs, 0.99) };
}

/** Times the same operation, one after the other, in milliseconds. */
export async function timesOf(operations: number, operate: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let done = 0; done < operations; done++) {
    const startedAtMs = performance.now();
    await operate();
    times.push(performance.now() - startedAtMs);
  }
  return times;
}
