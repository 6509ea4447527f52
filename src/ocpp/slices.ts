/** Splits a list into parts of at most `lengthMax` items; null or less than 1: one part. */
export function slices<Item>(items: readonly Item[], lengthMax: number | null): Item[][] {
  if (lengthMax === null || lengthMax < 1 || items.length <= lengthMax) return [[...items]];
  const parts: Item[][] = [];
  for (let start = 0; start < items.length; start += lengthMax)
    parts.push(items.slice(start, start + lengthMax));
  return parts;
}
