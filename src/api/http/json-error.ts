interface JsonError {
  /** In characters (code points) from the start of the text. */
  offset: number;
  reason: string;
}

type Expectation = "value" | "firstValue" | "key" | "firstKey" | "colon" | "comma";

const WHITESPACE = /[ \t\n\r]*/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;

/**
 * Says where and why a text is not JSON; engines name the place in some of their messages only. Wording and offsets
 * are those of Python's json module. Keeps its own stack, so that depth costs nothing.
 */
export function findJsonError(text: string): JsonError {
  const error = scan(text) ?? { offset: text.length, reason: "Expecting value" };
  return { offset: codePoints(text, error.offset), reason: error.reason };
}

function codePoints(text: string, end: number): number {
  let count = end;
  for (let at = 0; at < end; at++) if ((text.codePointAt(at) ?? 0) > 0xffff) count--;
  return count;
}

function scan(text: string): JsonError | null {
  const open: Array<"[" | "{"> = [];
  let expected: Expectation = "value";
  let at = skip(WHITESPACE, text, 0);
  for (;;) {
    const step: Step | JsonError = advance(text, at, expected, open);
    if ("reason" in step) return step;
    at = skip(WHITESPACE, text, step.at);
    if (step.complete && open.length === 0)
      return at < text.length ? { offset: at, reason: "Extra data" } : null;
    expected = step.expected;
  }
}

interface Step {
  at: number;
  expected: Expectation;
  /** A whole value ended here. */
  complete?: boolean;
}

function advance(text: string, at: number, expected: Expectation, open: Array<"[" | "{">): Step | JsonError {
  const char = text[at];
  switch (expected) {
    case "comma":
      return afterValue(char, at, open);
    case "colon":
      return char === ":"
        ? { at: at + 1, expected: "value" }
        : { offset: at, reason: "Expecting ':' delimiter" };
    case "key":
    case "firstKey":
      return objectKey(text, at, expected, open);
    default:
      return char === "]" && expected === "firstValue" ? close(at, open) : valueStart(text, at, open);
  }
}

function afterValue(char: string | undefined, at: number, open: Array<"[" | "{">): Step | JsonError {
  const container = open.at(-1);
  if (char === ",") return { at: at + 1, expected: container === "{" ? "key" : "value" };
  if ((char === "]" && container === "[") || (char === "}" && container === "{")) return close(at, open);
  return { offset: at, reason: "Expecting ',' delimiter" };
}

function objectKey(
  text: string,
  at: number,
  expected: Expectation,
  open: Array<"[" | "{">,
): Step | JsonError {
  if (text[at] === "}" && expected === "firstKey") return close(at, open);
  if (text[at] !== '"') return { offset: at, reason: "Expecting property name enclosed in double quotes" };
  const end = stringEnd(text, at);
  return typeof end === "number" ? { at: end, expected: "colon" } : end;
}

function valueStart(text: string, at: number, open: Array<"[" | "{">): Step | JsonError {
  const char = text[at];
  if (char === "[" || char === "{") {
    open.push(char);
    return { at: at + 1, expected: char === "[" ? "firstValue" : "firstKey" };
  }
  if (char === '"') {
    const end = stringEnd(text, at);
    return typeof end === "number" ? { at: end, expected: "comma", complete: true } : end;
  }
  const end = skip(SCALAR, text, at);
  return end > at
    ? { at: end, expected: "comma", complete: true }
    : { offset: at, reason: "Expecting value" };
}

function close(at: number, open: Array<"[" | "{">): Step {
  open.pop();
  return { at: at + 1, expected: "comma", complete: true };
}

function stringEnd(text: string, start: number): number | JsonError {
  let at = start + 1;
  for (;;) {
    at = skip(PLAIN, text, at);
    const char = text[at];
    if (char === '"') return at + 1;
    if (char === undefined) return { offset: start, reason: "Unterminated string starting at" };
    if (char !== "\\") return { offset: at, reason: "Invalid control character at" };
    const escape = text[at + 1] ?? "";
    if (escape === "u" && !/^[0-9a-fA-F]{4}$/.test(text.slice(at + 2, at + 6)))
      return { offset: at + 1, reason: "Invalid \\uXXXX escape" };
    if (escape === "") return { offset: start, reason: "Unterminated string starting at" };
    if (!'"\\/bfnrtu'.includes(escape)) return { offset: at, reason: "Invalid \\escape" };
    at += escape === "u" ? 6 : 2;
  }
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return at + (pattern.exec(text)?.[0].length ?? 0);
}
