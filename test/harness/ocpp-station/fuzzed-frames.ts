import fc from "fast-check";
import type { OcppVersion } from "../../../src/ocpp/version.ts";
import { validValues } from "../openapi/valid.ts";
import { requestSchemas } from "./request-schemas.ts";

/** Stands for a number that JSON can write and JavaScript cannot hold. */
const BEYOND_NUMBERS = "$beyond";
const LARGE_TEXT = [10_000, 70_000, 300_000];

const large = fc.constantFrom<unknown>(
  ...LARGE_TEXT.map((length) => "x".repeat(length)),
  "é".repeat(20_000),
  BEYOND_NUMBERS,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  Number.MIN_VALUE,
  Number.MAX_SAFE_INTEGER + 1,
  -(2 ** 63),
  2 ** 31,
  1e21,
);

/** Texts that are no valid frame. */
const junk = fc.oneof(
  fc.string(),
  fc.constantFrom("", "[]", "{}", "null", "[2", "[3]", "[4]", '"2"', "[[]]", "\u0000", "\ud800"),
  fc.json(),
  fc.integer({ min: 1, max: 200 }).map((depth) => "[".repeat(depth) + "]".repeat(depth)),
  fc
    .integer({ min: 1, max: 200 })
    .map((depth) => `[2,"deep","Heartbeat",${'{"a":'.repeat(depth)}1${"}".repeat(depth)}]`),
);

const type = fc.oneof(fc.constantFrom(2, 3, 4, 5, 6), fc.integer(), large, fc.string(), fc.constant(null));
const id = fc.oneof(
  { weight: 4, arbitrary: fc.uuid() },
  { weight: 4, arbitrary: fc.constantFrom("$id", "again", "s0") },
  {
    weight: 2,
    arbitrary: fc.constantFrom("-1", "", "x".repeat(36), "x".repeat(37), "x".repeat(10_000), "__proto__"),
  },
  { weight: 1, arbitrary: fc.oneof(large, fc.jsonValue()) },
);
const anyAction = fc.oneof(fc.constantFrom("toString", "__proto__", "reset"), large, fc.jsonValue());
const anyPayload = fc.oneof(
  fc.constantFrom<unknown>({}, null, { status: "Accepted" }, { status: "Perhaps" }, { status: null }, []),
  large,
  fc.jsonValue(),
);

type Call = [action: unknown, payload: unknown];

/** Requests of the version: valid ones, with one value replaced, and with the name of another action. */
function requestsOf(version: OcppVersion): fc.Arbitrary<Call> {
  const whole = [...requestSchemas(version)].map(([action, schema]) =>
    fc.tuple(fc.constant(action), validValues(schema, {})),
  );
  const actions = fc.constantFrom(...requestSchemas(version).keys());
  const request = fc.oneof(...whole);
  const spoilt = fc
    .tuple(request, fc.nat(), fc.oneof(large, fc.jsonValue()))
    .map(([[action, payload], at, value]): Call => [action, withValue(payload, at, value)]);
  return fc.oneof<fc.Arbitrary<Call>[]>(
    request,
    spoilt,
    fc.tuple(actions, anyPayload),
    fc.tuple(anyAction, anyPayload),
  );
}

/** A copy in which the value at place `at` (modulo the number of places) is replaced. */
function withValue(payload: unknown, at: number, value: unknown): unknown {
  const places = placesOf(payload);
  const place = places[at % Math.max(1, places.length)];
  const replaced = (part: unknown, path: string): unknown => {
    if (path === place) return value;
    if (Array.isArray(part)) return part.map((entry, index) => replaced(entry, `${path}/${index}`));
    if (typeof part !== "object" || part === null) return part;
    return Object.fromEntries(
      Object.entries(part).map(([key, entry]) => [key, replaced(entry, `${path}/${key}`)]),
    );
  };
  return replaced(payload, "");
}

function placesOf(part: unknown, path = ""): string[] {
  if (typeof part !== "object" || part === null) return [];
  return Object.entries(part).flatMap(([key, entry]) => [
    `${path}/${key}`,
    ...placesOf(entry, `${path}/${key}`),
  ]);
}

function shapedFrames(version: OcppVersion): fc.Arbitrary<unknown[]> {
  const request = requestsOf(version);
  const asking = fc
    .tuple(fc.constantFrom(2, 2, 2, 6), id, request)
    .map(([kind, first, [action, payload]]): unknown[] => [kind, first, action, payload]);
  const result = fc.tuple(fc.constant(3), id, anyPayload);
  const error = fc.tuple(
    fc.constantFrom(4, 5),
    id,
    fc.oneof(fc.constant("InternalError"), anyAction),
    anyAction,
    anyPayload,
  );
  const anything = fc
    .tuple(type, id, fc.array(fc.oneof(fc.jsonValue(), large), { maxLength: 5 }))
    .map(([first, second, rest]) => [first, second, ...rest]);
  return fc.oneof(
    { weight: 6, arbitrary: asking },
    { weight: 2, arbitrary: result },
    { weight: 1, arbitrary: error },
    { weight: 1, arbitrary: anything },
    { weight: 1, arbitrary: wrongArity(fc.oneof(asking, result, error)) },
  );
}

function wrongArity(frame: fc.Arbitrary<unknown[]>): fc.Arbitrary<unknown[]> {
  return fc
    .tuple(frame, fc.nat({ max: 7 }), fc.jsonValue())
    .map(([whole, length, more]) => [...whole, ...Array.from({ length: 4 }, () => more)].slice(0, length));
}

const asText = (frame: unknown[]) => JSON.stringify(frame).replaceAll(`"${BEYOND_NUMBERS}"`, "1e999");
const binary = fc.uint8Array({ maxLength: 64 });

/**
 * Frames of a hostile or broken station. `$id` is replaced by the id of the CALL that is open. Most are text, because a binary
 * frame ends the connection.
 */
export function fuzzedFrames(version: OcppVersion): fc.Arbitrary<string | Uint8Array> {
  return fc.oneof(
    { weight: 80, arbitrary: shapedFrames(version).map(asText) },
    { weight: 12, arbitrary: junk },
    { weight: 1, arbitrary: binary },
  );
}
