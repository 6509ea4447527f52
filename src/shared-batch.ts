import { withinOr } from "./within.ts";

export interface SharedBatchOptions {
  /** How long the first caller waits for others, ms. */
  windowMs: number;
  itemsMax: number;
  /** How long a caller relies on the batch before it asks for itself, ms. */
  patienceMs: number;
}

interface Batch<Item, Result> {
  items: Item[];
  results: Promise<Result[]>;
}

/**
 * Joins what many requests or objects of one isolate ask for at about the same time into one call: a statement for twenty
 * chargers instead of twenty. The call belongs to whoever asked first. Should it fail, or its owner be cancelled, everybody
 * asks for itself, so `work` must bear being repeated.
 *
 * @param work answers every item at its own place
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
    // Whoever waits for it hears of its failure; nobody has to.
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

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
