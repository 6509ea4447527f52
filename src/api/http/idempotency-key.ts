import { z } from "@hono/zod-openapi";
import type { IdempotencyClaim } from "../../ports.ts";

/** The header of operations that take a key; its value is taken verbatim, quotes included. */
export const IdempotencyHeader = z.object({
  "Idempotency-Key": z
    .string()
    .refine((value) => /^[\x20-\x7e]{1,255}$/.test(value), {
      error: "must be 1 to 255 printable ASCII characters",
      params: { code: "invalid_format" },
    })
    .optional()
    .openapi({
      description: "A repeat with the same key and body gets the first answer again. Kept for 24 hours.",
    }),
});

interface KeyedRequest {
  method: string;
  path: string;
  /** Null: the client sent none. */
  key: string | null;
  /** The parsed JSON body as it came, unknown fields included. */
  body: unknown;
}

/**
 * Identifies a request, so that a repeat gets the first answer (draft-ietf-httpapi-idempotency-key-header); null without
 * key.
 */
export async function idempotencyClaim({
  method,
  path,
  key,
  body,
}: KeyedRequest): Promise<IdempotencyClaim | null> {
  if (key === null) return null;
  return { method, path: path.replace(/(?<=.)\/$/, ""), key, bodyHash: await sha256(canonicalJson(body)) };
}

/** JSON with sorted keys and without whitespace. Not recursive: a body may nest deeper than the call stack. */
export function canonicalJson(value: unknown): string {
  const out: string[] = [];
  const rest: Part[] = [{ value }];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if ("text" in next) out.push(next.text);
    else if (typeof next.value !== "object" || next.value === null)
      out.push(JSON.stringify(next.value) ?? "null");
    else for (const part of partsOf(next.value)) rest.push(part);
  }
  return out.join("");
}

type Part = { text: string } | { value: unknown };

/** The parts of a value in reverse order, because the caller pushes them on a stack. */
function partsOf(value: object): Generator<Part> {
  return Array.isArray(value) ? arrayParts(value) : objectParts(value as Record<string, unknown>);
}

function* arrayParts(items: unknown[]): Generator<Part> {
  yield { text: "]" };
  for (let index = items.length - 1; index >= 0; index--) {
    yield { value: items[index] };
    if (index > 0) yield { text: "," };
  }
  yield { text: "[" };
}

function* objectParts(object: Record<string, unknown>): Generator<Part> {
  yield { text: "}" };
  const keys = Object.keys(object).sort();
  for (let index = keys.length - 1; index >= 0; index--) {
    const key = keys[index] ?? "";
    yield { value: object[key] };
    yield { text: `${index > 0 ? "," : ""}${JSON.stringify(key)}:` };
  }
  yield { text: "{" };
}

async function sha256(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
