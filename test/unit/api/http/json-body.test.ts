import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findJsonError } from "../../../../src/api/http/json-error.ts";
import { readJsonBody } from "../../../../src/api/http/json-body.ts";

const request = (body: RequestInit["body"], type: string | null = "application/json") => {
  const headers = new Headers(type === null ? {} : { "content-type": type });
  const built = new Request("https://busbar.test/", {
    method: "POST",
    headers,
    body,
    duplex: "half",
  } as RequestInit);
  if (type === null) built.headers.delete("content-type");
  return built;
};

function endless(onCancel: () => void): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(1000).fill(0x20)),
    cancel: onCancel,
  });
}

test("a body that does not end is cut off at the limit", async () => {
  let isCancelled = false;
  const body = endless(() => (isCancelled = true));
  await expect(readJsonBody(request(body), { maxBytes: 5000 })).rejects.toMatchObject({ status: 413 });
  expect(isCancelled).toBe(true);
});

test("a body that does not come is given up at the deadline", async () => {
  let isCancelled = false;
  const silent = new ReadableStream({ cancel: () => void (isCancelled = true) });
  const reading = readJsonBody(request(silent), { maxBytes: 5000, deadlineMs: 20 });
  await expect(reading).rejects.toMatchObject({ status: 408 });
  expect(isCancelled).toBe(true);
});

test("a body longer than it announced is refused, and one that never comes is given up at the deadline", async () => {
  const lying = request(" ".repeat(6000));
  lying.headers.set("content-length", "10");
  await expect(readJsonBody(lying, { maxBytes: 5000 })).rejects.toMatchObject({ status: 413 });
  const silent = request(new ReadableStream());
  silent.headers.set("content-length", "10");
  const reading = readJsonBody(silent, { maxBytes: 5000, deadlineMs: 20 });
  await expect(reading).rejects.toMatchObject({ status: 408 });
});

test("an announced length over the limit is refused without reading", async () => {
  const large = request("{}");
  large.headers.set("content-length", "5001");
  await expect(readJsonBody(large, { maxBytes: 5000 })).rejects.toMatchObject({ status: 413 });
  expect(large.bodyUsed).toBe(false);
});

test.each([
  "text/plain",
  "application/xml",
  "text/json",
  "application/jsonx",
  "multipart/form-data; boundary=x",
])("a body of type %s is refused, an empty one is not", async (type) => {
  await expect(readJsonBody(request("{}", type), { maxBytes: 100 })).rejects.toMatchObject({ status: 415 });
  expect(await readJsonBody(request("", type), { maxBytes: 100 })).toEqual({ kind: "empty" });
  expect(await readJsonBody(request(null, type), { maxBytes: 100 })).toEqual({ kind: "empty" });
});

test.each(["application/json", "APPLICATION/JSON; charset=utf-8", "application/problem+json", null])(
  "type %s passes",
  async (type) => {
    expect(await readJsonBody(request('{"a":1}', type), { maxBytes: 100 })).toEqual({
      kind: "json",
      value: { a: 1 },
    });
  },
);

test("bytes that are no UTF-8 are malformed", async () => {
  const body = new Uint8Array([0x22, 0xff, 0x22]);
  await expect(readJsonBody(request(body), { maxBytes: 100 })).rejects.toMatchObject({
    offset: 0,
    message: "Invalid UTF-8",
  });
});

test("of a duplicate key the last value counts", async () => {
  expect(await readJsonBody(request('{"a":1,"a":2}'), { maxBytes: 100 })).toEqual({
    kind: "json",
    value: { a: 2 },
  });
});

describe("the place of an error", () => {
  test.each([
    ["[{]", 2, "Expecting property name enclosed in double quotes"],
    ['{"a":1,}', 7, "Expecting property name enclosed in double quotes"],
    ["[1,]", 3, "Expecting value"],
    ['{"a" 1}', 5, "Expecting ':' delimiter"],
    ['{"a":1 "b"}', 7, "Expecting ',' delimiter"],
    ['{"a":"x', 5, "Unterminated string starting at"],
    ['["a\tb"]', 3, "Invalid control character at"],
    ['["\\x"]', 2, "Invalid \\escape"],
    ['["\\u12"]', 3, "Invalid \\uXXXX escape"],
    ["{} {}", 3, "Extra data"],
    ["01", 1, "Extra data"],
    ["tru", 0, "Expecting value"],
    ["NaN", 0, "Expecting value"],
    ["  ", 2, "Expecting value"],
    ['["😀" x]', 5, "Expecting ',' delimiter"],
  ])("%s is wrong at %i: %s", (text, offset, reason) => {
    expect(findJsonError(text)).toEqual({ offset, reason });
  });

  test("every damaged document has one, within the text", () => {
    const damaged = fc.tuple(
      fc.json(),
      fc.nat(),
      fc.constantFrom("", "{", "}", "]", ",", ":", '"', "\\", "x", "\u0000", "-"),
    );
    fc.assert(
      fc.property(damaged, ([json, at, junk]) => {
        const cut = at % (json.length + 1);
        const text = json.slice(0, cut) + junk + json.slice(cut + 1);
        const { offset, reason } = findJsonError(text);
        expect(offset).toBeLessThanOrEqual(text.length);
        expect(reason).not.toBe("");
      }),
    );
  });
});
