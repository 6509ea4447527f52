import fc from "fast-check";
import { resolve, type Schema } from "./document.ts";
import { stringOf } from "./strings.ts";

/** Values worth trying under a property or parameter of this name, beside those its schema suggests. */
export type Words = Readonly<Record<string, readonly unknown[]>>;

const ITEMS_MAX = 3;
const isSchema = (value: unknown): value is Schema => typeof value === "object" && value !== null;
const schemas = (value: unknown): Schema[] => (Array.isArray(value) ? value.filter(isSchema) : []);
const limit = (value: unknown, fallback: number) => (typeof value === "number" ? value : fallback);

/** Values that satisfy a schema of the document. */
export function validValues(given: Schema, words: Words): fc.Arbitrary<unknown> {
  const schema = resolve(given);
  if ("const" in schema) return fc.constant(schema["const"]);
  if (Array.isArray(schema["enum"])) return fc.constantFrom(...schema["enum"]);
  const choices = [...schemas(schema["anyOf"]), ...schemas(schema["oneOf"])];
  if (choices.length > 0) return fc.oneof(...choices.map((choice) => validValues(choice, words)));
  const parts = schemas(schema["allOf"]);
  if (parts.length > 0) return validValues(merged([schema, ...parts.map(resolve)]), words);
  const types = [schema["type"]].flat();
  return fc.oneof(...types.map((type) => ofType(type, schema, words)));
}

function merged(parts: Schema[]): Schema {
  const { allOf: _parts, ...whole } = Object.assign({}, ...parts) as Schema;
  const objects = parts.map((part) => part["properties"] ?? {});
  const required = parts.flatMap((part) => part["required"] ?? []);
  return { ...whole, properties: Object.assign({}, ...objects), required };
}

function ofType(type: unknown, schema: Schema, words: Words): fc.Arbitrary<unknown> {
  switch (type) {
    case "null":
      return fc.constant(null);
    case "boolean":
      return fc.boolean();
    case "string":
      return stringOf(schema);
    case "integer":
      return integerOf(schema);
    case "number":
      return numberOf(schema);
    case "array":
      return arrayOf(schema, words);
    case "object":
      return objectOf(schema, words);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function integerOf(schema: Schema): fc.Arbitrary<number> {
  const min = limit(
    schema["minimum"],
    limit(schema["exclusiveMinimum"], -(2 ** 31)) + ("minimum" in schema ? 0 : 1),
  );
  const max = limit(schema["maximum"], 2 ** 31 - 1);
  return fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max));
}

const QUOTIENT_MAX = 1000;

function numberOf(schema: Schema): fc.Arbitrary<number> {
  const { multipleOf } = schema;
  // As a client writes it: 1.4, and not 14 times a tenth.
  if (typeof multipleOf === "number")
    return fc.integer({ min: 0, max: QUOTIENT_MAX }).map((times) => Number((times * multipleOf).toFixed(6)));
  const above = schema["exclusiveMinimum"];
  const bounds = {
    min: limit(above, limit(schema["minimum"], -1e9)),
    minExcluded: typeof above === "number",
    max: limit(schema["maximum"], 1e9),
    noNaN: true,
  };
  return fc.oneof(fc.double(bounds), fc.constant(bounds.max));
}

function arrayOf(schema: Schema, words: Words): fc.Arbitrary<unknown[]> {
  const minLength = limit(schema["minItems"], 0);
  const maxLength = Math.max(minLength, Math.min(limit(schema["maxItems"], ITEMS_MAX), ITEMS_MAX));
  const items = isSchema(schema["items"])
    ? validValues(schema["items"], words)
    : fc.jsonValue({ maxDepth: 1 });
  return fc.array(items, { minLength, maxLength });
}

function objectOf(schema: Schema, words: Words): fc.Arbitrary<Record<string, unknown>> {
  const properties = Object.entries(isSchema(schema["properties"]) ? schema["properties"] : {});
  const model = Object.fromEntries(
    properties.map(([name, property]) => [name, propertyOf(name, isSchema(property) ? property : {}, words)]),
  );
  const required = Array.isArray(schema["required"]) ? schema["required"].map(String) : [];
  const own = fc.record(model, { requiredKeys: required.filter((name) => name in model) });
  const more = schema["additionalProperties"];
  if (!isSchema(more) || properties.length > 0) return own;
  return fc.dictionary(fc.string({ minLength: 1, maxLength: 12 }), validValues(more, words), {
    maxKeys: ITEMS_MAX,
  });
}

/** A value of a property or parameter: mostly one of the given words, if there are any. */
export function propertyOf(name: string, schema: Schema, words: Words): fc.Arbitrary<unknown> {
  const known = words[name] ?? [];
  if (known.length === 0) return validValues(schema, words);
  return fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...known) },
    { weight: 1, arbitrary: validValues(schema, words) },
  );
}
