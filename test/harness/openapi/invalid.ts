import { findings } from "./conformance.ts";
import { resolve, type Schema } from "./document.ts";

/** A value with one change. */
export interface Mutation {
  what: string;
  value: unknown;
}

const ITEMS_TRIED_MAX = 1_100;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Every way to break a valid value with one change, as far as the schema alone can tell. */
export function mutations(schema: Schema, value: unknown): Mutation[] {
  return changes(schema, value, "").filter((mutation) => findings(schema, mutation.value).length > 0);
}

function changes(given: Schema, value: unknown, at: string): Mutation[] {
  const schema = resolve(given);
  const here = replacements(schema)
    .filter((candidate) => findings(schema, candidate).length > 0)
    .map((candidate) => ({
      what: `${at || "/"} = ${JSON.stringify(candidate).slice(0, 40)}`,
      value: candidate,
    }));
  if (isObject(value)) return [...here, ...objectChanges(schema, value, at)];
  if (Array.isArray(value)) return [...here, ...arrayChanges(schema, value, at)];
  return here;
}

function replacements(schema: Schema): unknown[] {
  const number = (name: string) => (typeof schema[name] === "number" ? [schema[name]] : []);
  return [
    null,
    true,
    1.5,
    "5",
    "no such word",
    [],
    {},
    "",
    "\u0000",
    ...number("maxLength").map((max) => "x".repeat(max + 1)),
    ...number("minimum").map((min) => min - 1),
    ...number("exclusiveMinimum"),
    ...number("maximum").map((max) => max + 1),
    ...number("maxItems").flatMap((max) => (max < ITEMS_TRIED_MAX ? [Array(max + 1).fill("x")] : [])),
  ];
}

function objectChanges(schema: Schema, value: Record<string, unknown>, at: string): Mutation[] {
  const required = Array.isArray(schema["required"]) ? schema["required"].map(String) : [];
  const missing = required
    .filter((name) => name in value)
    .map((name) => {
      const { [name]: _dropped, ...rest } = value;
      return { what: `${at}/${name} missing`, value: rest };
    });
  const extra =
    schema["additionalProperties"] === false
      ? [{ what: `${at}/zz_unknown added`, value: { ...value, zz_unknown: 1 } }]
      : [];
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const deeper = Object.entries(value).flatMap(([name, inner]) => {
    const property = properties[name];
    if (!isObject(property)) return [];
    return changes(property, inner, `${at}/${name}`).map(({ what, value: changed }) => ({
      what,
      value: { ...value, [name]: changed },
    }));
  });
  return [...missing, ...extra, ...deeper];
}

function arrayChanges(schema: Schema, value: unknown[], at: string): Mutation[] {
  const { items } = schema;
  if (!isObject(items)) return [];
  return value.flatMap((inner, index) =>
    changes(items, inner, `${at}/${index}`).map(({ what, value: changed }) => ({
      what,
      value: value.with(index, changed),
    })),
  );
}
