import fc from "fast-check";

/** What a hostile or broken station may put on the wire; `$id` stands for the id of the CALL that waits for an answer. */
const junk = fc.oneof(
  fc.string(),
  fc.constantFrom("", "[]", "{}", "null", "[2", "[3]", "[4]", '"2"', "[[]]", "\u0000", "\ud800"),
  fc.json(),
  fc.integer({ min: 1, max: 200 }).map((depth) => "[".repeat(depth) + "]".repeat(depth)),
  fc
    .integer({ min: 1, max: 200 })
    .map((depth) => `[2,"deep","Heartbeat",${'{"a":'.repeat(depth)}1${"}".repeat(depth)}]`),
);

const type = fc.oneof(fc.constantFrom(2, 3, 4, 5, 6), fc.integer(), fc.string(), fc.constant(null));
const id = fc.oneof(
  fc.constantFrom("$id", "-1", "", "x".repeat(36), "x".repeat(37), "x".repeat(10_000), "__proto__"),
  fc.uuid(),
  fc.jsonValue(),
);
const action = fc.oneof(
  fc.constantFrom(
    "Heartbeat",
    "BootNotification",
    "StatusNotification",
    "MeterValues",
    "StartTransaction",
    "StopTransaction",
    "DataTransfer",
    "Reset",
    "toString",
    "__proto__",
  ),
  fc.jsonValue(),
);
const payload = fc.oneof(
  fc.constantFrom<unknown>({}, null, { status: "Accepted" }, { status: "Perhaps" }, { status: null }, []),
  fc.jsonValue(),
);

const call = fc.tuple(fc.constant(2), id, action, payload);
const result = fc.tuple(fc.constant(3), id, payload);
const error = fc.tuple(
  fc.constant(4),
  id,
  fc.oneof(fc.constant("InternalError"), fc.jsonValue()),
  action,
  payload,
);
const anyFrame = fc
  .tuple(type, id, fc.array(fc.jsonValue(), { maxLength: 5 }))
  .map(([first, second, rest]) => [first, second, ...rest]);

const shaped = fc.oneof(call, result, error, anyFrame).map((frame) => JSON.stringify(frame));
const binary = fc.uint8Array({ maxLength: 64 });

/** Text frames mostly; a binary one ends its connection, so they are rare. */
export const fuzzedFrame: fc.Arbitrary<string | Uint8Array> = fc.oneof(
  { weight: 60, arbitrary: shaped },
  { weight: 12, arbitrary: junk },
  { weight: 1, arbitrary: binary },
);
