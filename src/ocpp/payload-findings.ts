import { readRequestSchemas, type RequestSchemas } from "./generated/request-schemas.js";
import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";
import type { OcppVersion } from "./version.ts";

/** One thing that is wrong with a payload. `message` is a sentence that names the field. */
export interface PayloadFinding {
  readonly path: readonly (string | number)[];
  readonly code: string;
  readonly message: string;
}

/** Name of the schema of a request in `readRequestSchemas` and in the OpenAPI document. */
export function requestSchemaName(version: OcppVersion, action: string): string {
  return `Ocpp${version.replaceAll(/\D/g, "")}${action}`;
}

/** The keywords that occur in the schemas of requests. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly JsonValue[];
  readonly format?: string;
  readonly multipleOf?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
}

/** Code of a finding and what the field must be; null: the field is valid. */
type Complaint = readonly [code: string, must: string] | null;

/**
 * All violations of the official schema in the payload of a request. The compiled validators are faster but stop at the first one, so
 * this is called only after they found one.
 */
export function payloadFindings(version: OcppVersion, action: string, payload: JsonObject): PayloadFinding[] {
  const all = readRequestSchemas();
  const schema = all.schemas[requestSchemaName(version, action)];
  return schema ? [...findingsOf(payload, schema, [], all)] : [];
}

function* findingsOf(
  value: JsonValue,
  given: Schema,
  path: readonly (string | number)[],
  all: RequestSchemas,
): Generator<PayloadFinding> {
  const schema = resolve(given, all);
  const field = path.length === 0 ? "Request body" : path.join(".");
  const typed = ofType(value, schema);
  const complaints = typed ? [typed] : [ofEnum(value, schema), ...ofSize(value, schema, all)];
  for (const complaint of complaints)
    if (complaint) yield { path, code: complaint[0], message: `${field} must ${complaint[1]}` };
  if (typed) return;
  if (Array.isArray(value) && schema.items)
    for (const [index, entry] of value.entries())
      yield* findingsOf(entry, schema.items, [...path, index], all);
  if (isJsonObject(value)) yield* ofFields(value, schema, path, all);
}

function* ofFields(
  value: JsonObject,
  { properties = {}, required = [], additionalProperties }: Schema,
  path: readonly (string | number)[],
  all: RequestSchemas,
): Generator<PayloadFinding> {
  for (const name of required)
    if (!Object.hasOwn(value, name)) {
      const missing = [...path, name];
      yield { path: missing, code: "required", message: `${missing.join(".")} is required` };
    }
  for (const [name, inner] of Object.entries(value)) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property) yield* findingsOf(inner, property, [...path, name], all);
    else if (additionalProperties === false)
      yield { path: [...path, name], code: "unrecognized_key", message: `Unknown field ${name}` };
  }
}

function resolve(schema: Schema, all: RequestSchemas): Schema {
  const name = schema.$ref?.split("/").at(-1);
  return name === undefined ? schema : (all.schemas[name] ?? {});
}

const TYPES: Readonly<Record<string, readonly [must: string, is: (value: JsonValue) => boolean]>> = {
  object: ["be an object", isJsonObject],
  array: ["be a list", Array.isArray],
  string: ["be a string", (value) => typeof value === "string"],
  boolean: ["be a boolean", (value) => typeof value === "boolean"],
  integer: ["be an integer", Number.isInteger],
  number: ["be a number", Number.isFinite],
};

function ofType(value: JsonValue, { type }: Schema): Complaint {
  const [must, is] = TYPES[type ?? ""] ?? [];
  return must === undefined || is?.(value) ? null : ["invalid_type", must];
}

function ofEnum(value: JsonValue, { enum: words }: Schema): Complaint {
  if (!words || words.includes(value)) return null;
  return ["invalid_value", `be one of: ${words.map(String).join(", ")}`];
}

/** How far a quotient may be from a whole number: tenths are not exact in binary. */
const QUOTIENT_TOLERANCE = 1e-6;

function ofSize(value: JsonValue, schema: Schema, { formats }: RequestSchemas): Complaint[] {
  if (typeof value === "string")
    return [ofLength([...value].length, schema), ofFormat(value, schema, formats)];
  if (Array.isArray(value)) return [ofItems(value.length, schema)];
  return typeof value === "number" ? ofNumber(value, schema) : [];
}

function ofLength(length: number, { maxLength = Infinity }: Schema): Complaint {
  return length <= maxLength ? null : ["too_big", `have at most ${maxLength} characters`];
}

function ofFormat(value: string, { format = "" }: Schema, formats: RequestSchemas["formats"]): Complaint {
  const source = formats[format];
  if (source === undefined || new RegExp(source).test(value)) return null;
  return ["invalid_format", format === "uri" ? "be a URI" : "be an RFC 3339 time with an offset"];
}

function ofItems(length: number, { minItems = 0, maxItems = Infinity }: Schema): Complaint {
  const items = (count: number) => `${count} item${count === 1 ? "" : "s"}`;
  if (length < minItems) return ["too_small", `have at least ${items(minItems)}`];
  return length <= maxItems ? null : ["too_big", `have at most ${items(maxItems)}`];
}

function ofNumber(value: number, schema: Schema): Complaint[] {
  const { minimum = -Infinity, maximum = Infinity, multipleOf } = schema;
  const quotient = multipleOf === undefined ? 0 : value / multipleOf;
  const isOff = !(Math.abs(Math.round(quotient) - quotient) <= QUOTIENT_TOLERANCE);
  return [
    value < minimum ? ["too_small", `be at least ${minimum}`] : null,
    value > maximum ? ["too_big", `be at most ${maximum}`] : null,
    isOff ? ["not_multiple_of", `be a multiple of ${multipleOf}`] : null,
  ];
}
