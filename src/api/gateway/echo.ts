const INPUT_BYTES_MAX = 1024;
const SECRET_NAME = /pass|secret|token|authorization|credential/i;
const SECRET_VALUE = /:\/\/[^/?#]*@|AuthorizationKey|BasicAuthPassword/i;

/** `input` of a finding; left out if its JSON exceeds 1 KiB or may contain a credential. */
export function echo(value: unknown): { input?: unknown } {
  return isEchoable(value) ? { input: value } : {};
}

/** Stops as soon as the value is too large, so that large and deeply nested values are cheap. */
function isEchoable(value: unknown): boolean {
  const rest: unknown[] = [value];
  let budget = INPUT_BYTES_MAX;
  while (rest.length > 0 && budget >= 0) {
    const next = rest.pop();
    if (typeof next !== "object" || next === null) {
      budget -= scalarCost(next);
      continue;
    }
    const children = Object.values(next);
    budget -= 2 + Math.max(0, children.length - 1) + (Array.isArray(next) ? 0 : namesCost(next));
    if (budget >= 0) for (const child of children) rest.push(child);
  }
  return budget >= 0;
}

function namesCost(object: object): number {
  const names = Object.keys(object);
  if (names.length > INPUT_BYTES_MAX || names.some((name) => SECRET_NAME.test(name))) return Infinity;
  return names.reduce((cost, name) => cost + jsonBytes(name) + 1, 0);
}

function scalarCost(value: unknown): number {
  return typeof value === "string" && SECRET_VALUE.test(value.slice(0, INPUT_BYTES_MAX))
    ? Infinity
    : jsonBytes(value);
}

function jsonBytes(scalar: unknown): number {
  if (typeof scalar === "string" && scalar.length > INPUT_BYTES_MAX) return Infinity;
  return new TextEncoder().encode(JSON.stringify(scalar) ?? "null").length;
}
