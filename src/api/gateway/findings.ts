import { z } from "zod";
import type { Examined } from "../operation/operation.ts";
import { echo } from "./echo.ts";

/** One item of a 422 answer, in the vocabulary of Pydantic v2. */
export interface Finding {
  type: string;
  loc: Array<string | number>;
  msg: string;
  input?: unknown;
  ctx?: Record<string, unknown>;
}

export const FINDINGS_MAX = 100;

type Loc = Finding["loc"];
type Problem = Pick<Finding, "type" | "msg" | "ctx">;

const TYPE_MESSAGES = {
  missing: "Field required",
  string_type: "Input should be a valid string",
  int_type: "Input should be a valid integer",
  bool_type: "Input should be a valid boolean",
  float_type: "Input should be a valid number",
  list_type: "Input should be a valid list",
  dict_type: "Input should be a valid dictionary",
  model_attributes_type: "Input should be a valid dictionary or object to extract fields from",
  int_parsing: "Input should be a valid integer, unable to parse string as an integer",
  bool_parsing: "Input should be a valid boolean, unable to interpret input",
  int_from_float: "Input should be a valid integer, got a number with a fractional part",
  extra_forbidden: "Extra inputs are not permitted",
} as const;

type PlainType = keyof typeof TYPE_MESSAGES;

const TYPE_OF_EXPECTED: Record<string, PlainType> = {
  string: "string_type",
  int: "int_from_float",
  number: "float_type",
  boolean: "bool_type",
  array: "list_type",
  object: "model_attributes_type",
  record: "dict_type",
};

export function plainFinding(type: PlainType, loc: Loc, input: unknown): Finding {
  return { type, loc, msg: TYPE_MESSAGES[type], ...echo(input) };
}

export function valueError(reason: string, loc: Loc, input: unknown): Finding {
  return { type: "value_error", loc, msg: `Value error, ${reason}`, ...echo(input), ctx: { error: reason } };
}

export function patternMismatch(pattern: string, loc: Loc, input: unknown): Finding {
  const problem = { type: "string_pattern_mismatch", msg: `String should match pattern '${pattern}'` };
  return { ...problem, loc, ...echo(input), ctx: { pattern } };
}

export function tooLong(maximum: number, loc: Loc, input: unknown): Finding {
  const { type, msg, ctx } = longString(maximum);
  return { type, loc, msg, ...echo(input), ...(ctx && { ctx }) };
}

export function literalError(values: readonly string[], loc: Loc, input: unknown): Finding {
  const expected = alternatives(values);
  return {
    type: "literal_error",
    loc,
    msg: `Input should be ${expected}`,
    ...echo(input),
    ctx: { expected },
  };
}

export function listLength(
  side: "short" | "long",
  bound: number,
  actual: number,
  loc: Loc,
  input: unknown,
): Finding {
  const items = bound === 1 ? "item" : "items";
  const words = side === "short" ? "at least" : "at most";
  const msg = `List should have ${words} ${bound} ${items} after validation, not ${actual}`;
  const key = side === "short" ? "min_length" : "max_length";
  return {
    type: `too_${side}`,
    loc,
    msg,
    ...echo(input),
    ctx: { field_type: "List", [key]: bound, actual_length: actual },
  };
}

export function malformedJson(offset: number, reason: string): Finding {
  return {
    type: "json_invalid",
    loc: ["body", offset],
    msg: "JSON decode error",
    input: {},
    ctx: { error: reason },
  };
}

/** Zod issues as findings with locations below `base`, in schema order, one per location. */
export function findingsOf(error: z.ZodError, schema: z.ZodType, raw: unknown, base: Loc): Finding[] {
  const byLoc = new Map<string, Finding>();
  for (const issue of error.issues) {
    for (const finding of findingsOfIssue(issue, schema, raw, base))
      byLoc.set(JSON.stringify(finding.loc), finding);
    if (byLoc.size >= FINDINGS_MAX) break;
  }
  return [...byLoc.values()];
}

/** Holds `raw` against a schema; findings are located below `base`. */
export function examineWith<S extends z.ZodType>(
  schema: S,
  raw: unknown,
  base: Loc,
): Examined<z.output<S>, Finding> {
  const result = schema.safeParse(raw);
  return result.success ? { value: result.data } : { findings: findingsOf(result.error, schema, raw, base) };
}

function findingsOfIssue(issue: z.core.$ZodIssue, schema: z.ZodType, raw: unknown, base: Loc): Finding[] {
  const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
  const loc = [...base, ...path];
  if (issue.code === "invalid_union")
    return fitting(issue).flatMap((each) =>
      findingsOfIssue({ ...each, path: [...issue.path, ...each.path] }, schema, raw, base),
    );
  const { value, parent } = lookUp(raw, path);
  if (value === undefined) return [plainFinding("missing", loc, parent ?? null)];
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) =>
      plainFinding("extra_forbidden", [...loc, key], lookUp(value, [key]).value),
    );
  if (issue.code === "invalid_type")
    return [plainFinding(wrongType(issue.expected, value, schema, path), loc, value)];
  if (Array.isArray(value) && issue.code === "too_small")
    return [listLength("short", Number(issue.minimum), value.length, loc, value)];
  if (Array.isArray(value) && issue.code === "too_big")
    return [listLength("long", Number(issue.maximum), value.length, loc, value)];
  const { type, msg, ctx } = problemOf(issue);
  return [{ type, loc, msg, ...echo(value), ...(ctx ? { ctx } : {}) }];
}

/** The issues of the alternative of a union that is written for values of this type, else those of the last one. */
function fitting({ errors }: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue[] {
  const isOtherType = (issue: z.core.$ZodIssue) =>
    issue.code === "invalid_type" && issue.path.length === 0 && issue.expected !== "int";
  return errors.find((issues) => !issues.some(isOtherType)) ?? errors.at(-1) ?? [];
}

function lookUp(raw: unknown, path: Loc): { value: unknown; parent: unknown } {
  let value = raw;
  let parent: unknown;
  for (const part of path) {
    parent = value;
    const isOwn = typeof parent === "object" && parent !== null && Object.hasOwn(parent, part);
    value = isOwn ? (parent as Record<string | number, unknown>)[part] : undefined;
  }
  return { value, parent };
}

function wrongType(expected: string, value: unknown, schema: z.ZodType, path: Loc): PlainType {
  const isInteger = expected === "number" && leafAt(schema, path)?.format === "safeint";
  return isInteger && typeof value !== "bigint"
    ? "int_type"
    : (TYPE_OF_EXPECTED[expected] ?? "model_attributes_type");
}

function problemOf(issue: z.core.$ZodIssue): Problem {
  switch (issue.code) {
    case "too_small":
      return issue.origin === "string"
        ? shortString(issue.minimum)
        : bound("greater", issue.minimum, issue.inclusive);
    case "too_big":
      return issue.origin === "string"
        ? longString(issue.maximum)
        : bound("less", issue.maximum, issue.inclusive);
    case "invalid_format": {
      const pattern = (issue.pattern ?? "").replace(/^\/|\/[a-z]*$/g, "");
      return {
        type: "string_pattern_mismatch",
        msg: `String should match pattern '${pattern}'`,
        ctx: { pattern },
      };
    }
    case "invalid_value": {
      const expected = alternatives(issue.values);
      return { type: "literal_error", msg: `Input should be ${expected}`, ctx: { expected } };
    }
    default:
      return customProblem(issue);
  }
}

function customProblem(issue: z.core.$ZodIssue): Problem {
  const type = issue.code === "custom" ? issue.params?.["type"] : undefined;
  if (isPlainType(type)) return { type, msg: TYPE_MESSAGES[type] };
  if (type === "datetime_from_date_parsing") {
    const msg = `Input should be a valid datetime or date, ${issue.message}`;
    return { type, msg, ctx: { error: issue.message } };
  }
  return { type: "value_error", msg: `Value error, ${issue.message}`, ctx: { error: issue.message } };
}

function isPlainType(type: unknown): type is PlainType {
  return typeof type === "string" && Object.hasOwn(TYPE_MESSAGES, type);
}

function shortString(minimum: number | bigint): Problem {
  const characters = Number(minimum) === 1 ? "character" : "characters";
  const msg = `String should have at least ${minimum} ${characters}`;
  return { type: "string_too_short", msg, ctx: { min_length: Number(minimum) } };
}

function longString(maximum: number | bigint): Problem {
  const characters = Number(maximum) === 1 ? "character" : "characters";
  const msg = `String should have at most ${maximum} ${characters}`;
  return { type: "string_too_long", msg, ctx: { max_length: Number(maximum) } };
}

function bound(direction: "greater" | "less", limit: number | bigint, inclusive = true): Problem {
  const key = `${direction === "greater" ? "g" : "l"}${inclusive ? "e" : "t"}`;
  const type = `${direction}_than${inclusive ? "_equal" : ""}`;
  const words = `${direction} than ${inclusive ? "or equal to " : ""}${limit}`;
  return { type, msg: `Input should be ${words}`, ctx: { [key]: Number(limit) } };
}

function alternatives(values: readonly unknown[]): string {
  const quoted = values.map((value) => `'${String(value)}'`);
  const last = quoted.pop() ?? "";
  return quoted.length === 0 ? last : `${quoted.join(", ")} or ${last}`;
}

/** The schema at the path of an issue, without optional, nullable, default and transform wrappers. */
function leafAt(schema: z.ZodType, path: ReadonlyArray<string | number>): { format?: string | null } | null {
  let leaf: z.core.$ZodType | undefined = unwrap(schema);
  for (const part of path) {
    if (leaf instanceof z.ZodObject) leaf = leaf.shape[part];
    else if (leaf instanceof z.ZodArray) leaf = leaf.element;
    else if (leaf instanceof z.ZodRecord) leaf = leaf.valueType;
    else return null;
    if (leaf === undefined) return null;
    leaf = unwrap(leaf);
  }
  return leaf instanceof z.ZodNumber ? { format: leaf.format } : {};
}

export function isListSchema(schema: z.core.$ZodType): boolean {
  return unwrap(schema) instanceof z.ZodArray;
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPipe) return unwrap(schema.in);
  const isWrapper =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault;
  return isWrapper ? unwrap(schema.unwrap()) : schema;
}
