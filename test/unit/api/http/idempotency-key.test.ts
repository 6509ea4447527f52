import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson, idempotencyClaim } from "../../../../src/api/http/idempotency-key.ts";

const shuffled = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, child]) => [key, shuffled(child)]),
  );
};

test("equal documents have one canonical text, whatever the order of their keys", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      expect(canonicalJson(shuffled(value))).toBe(text);
      expect(canonicalJson(JSON.parse(text))).toBe(text);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("keys are sorted at every level, also those with a special meaning", () => {
  expect(canonicalJson(JSON.parse('{"b":[{"y":1,"x":null}],"a":{},"__proto__":[]}'))).toBe(
    '{"__proto__":[],"a":{},"b":[{"x":null,"y":1}]}',
  );
});

test("depth and length know no limit", () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  expect(canonicalJson(JSON.parse(deep))).toBe(deep);
  const long = Array<number>(1_000_000).fill(7);
  expect(canonicalJson(long)).toBe(JSON.stringify(long));
});

test("a claim ignores a trailing slash and is absent without key", async () => {
  const request = { method: "POST", path: "/ocpp/chargers", key: "k", body: { a: 1 } };
  const claim = await idempotencyClaim(request);
  expect(claim).toEqual({
    method: "POST",
    path: "/ocpp/chargers",
    key: "k",
    bodyHash: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(await idempotencyClaim({ ...request, path: "/ocpp/chargers/" })).toEqual(claim);
  expect((await idempotencyClaim({ ...request, body: { a: 2 } }))?.bodyHash).not.toBe(claim?.bodyHash);
  expect(await idempotencyClaim({ ...request, key: null })).toBeNull();
});
