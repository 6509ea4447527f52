import { delay, withinOr } from "./within.ts";

/** Bounds of one batch. */
export interface SharedBatchOptions {
  /** How long the first caller waits for others, ms. */
  windowMs: number;
  itemsMax: number;
  /** How long a caller waits for the batch before it calls `work` for itself, ms. */
  patienceMs: number;
}

interface Batch<Item, Result> {
  items: Item[];
  results: Promise<Result[]>;
}

/**
 * Combines the calls of many requests or objects of one isolate into one: one statement for twenty chargers instead
 * of twenty. The first caller runs it. If it fails, or its request is cancelled, every caller calls `work` for
 * itself, so `work` must be idempotent.
 *
 * @param work returns one result per item, in the same order
 */
export function sharedBatch<Item, Result>(
  work: (items: readonly Item[]) => Promise<Result[]>,
  { windowMs, itemsMax, patienceMs }: SharedBatchOptions,
): (item: Item) => Promise<Result> {
  let open: Batch<Item, Result> | null = null;

  const begin = (): Batch<Item, Result> => {
    const items: Item[] = [];
    const batch = { items, results: Promise.resolve<Result[]>([]) };
    batch.results = delay(windowMs).then(() => {
      if (open === batch) open = null;
      return work(items);
    });
    // Prevents an unhandled rejection if no caller waits for the batch any more.
    batch.results.catch(() => undefined);
    return batch;
  };

  return async (item) => {
    if (open === null || open.items.length >= itemsMax) open = begin();
    const batch = open;
    const place = batch.items.push(item) - 1;
    const results = await withinOr(windowMs + patienceMs, batch.results, null).catch(() => null);
    const found = results ?? (await work([item]));
    return found[results ? place : 0] as Result;
  };
}
