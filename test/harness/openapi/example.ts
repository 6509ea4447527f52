import fc from "fast-check";
import { resolve, type Schema } from "./document.ts";
import { stringOf } from "./strings.ts";

const isSchema = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A deterministic value that satisfies a schema: its example, else the least that is required. */
export function exampleOf(given: Schema): unknown {
  const schema = resolve(given);
  for (const keyword of ["example", "const", "default"]) if (keyword in schema) return schema[keyword];
  for (const keyword of ["enum", "anyOf", "oneOf"]) {
    const [first] = Array.isArray(schema[keyword]) ? schema[keyword] : [];
    if (first !== undefined) return isSchema(first) ? exampleOf(first) : first;
  }
  return leastOf([schema["type"]].flat()[0], schema);
}

function leastOf(type: unknown, schema: Schema): unknown {
  if (type === "integer" || type === "number") return schema["minimum"] ?? 1;
  if (type === "boolean") return false;
  if (type === "null") return null;
  if (type === "string") return text(schema);
  if (type === "array") return isSchema(schema["items"]) ? [exampleOf(schema["items"])] : [];
  const properties = isSchema(schema["properties"]) ? schema["properties"] : {};
  const required = Array.isArray(schema["required"]) ? schema["required"].map(String) : [];
  const wanted = required.map((name) => {
    const property = properties[name];
    return [name, isSchema(property) ? exampleOf(property) : null];
  });
  return Object.fromEntries(wanted);
}

function text(schema: Schema): string {
  if (schema["format"] === "uri") return "https://files.example.com/file.bin";
  const isPlain = !("pattern" in schema) || new RegExp(String(schema["pattern"]), "u").test("word");
  if (isPlain && !("format" in schema))
    return "word".slice(0, Number(schema["maxLength"] ?? 4)).padEnd(Number(schema["minLength"] ?? 0), "x");
  return fc.sample(stringOf(schema), { seed: 1, numRuns: 1 })[0] ?? "";
}
