export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;
export type JsonObject = { [key: string]: JsonValue };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Deepest nesting of a payload. A frame, which is one level more, may have 32. */
export const PAYLOAD_DEPTH_MAX = 31;

/** Whether objects and lists are nested deeper. Walks level by level, so that no depth is too much for it. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  const isNest = (one: unknown) => typeof one === "object" && one !== null;
  let level: unknown[] = [value];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > levels) return true;
    level = level.flatMap((one) => Object.values(one as object)).filter(isNest);
  }
  return false;
}
