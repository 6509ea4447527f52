import fc from "fast-check";
import { findings } from "./conformance.ts";
import type { ApiOperation, Parameter } from "./document.ts";
import { mutations } from "./invalid.ts";
import { propertyOf, validValues, type Words } from "./valid.ts";

/** A generated request, and whether the document allows it. */
export interface ApiRequest {
  path: string;
  headers: Record<string, string>;
  body: unknown;
  /** Why the document forbids it; null when it does not. */
  fault: string | null;
}

type Values = Record<string, unknown>;

/** Requests that the document allows. */
export function validRequests(operation: ApiOperation, words: Words): fc.Arbitrary<ApiRequest> {
  return parts(operation, words).map((values) => ({
    ...built(operation, values),
    fault: faultOf(operation, values),
  }));
}

/** Requests with one fault in body or query; an operation that cannot be faulted that way gives valid ones. */
export function invalidRequests(operation: ApiOperation, words: Words): fc.Arbitrary<ApiRequest> {
  return parts(operation, words).chain((values) => {
    const broken = [...bodyFaults(operation, values), ...queryFaults(operation, values)];
    const fine = { what: null, values };
    return fc
      .constantFrom(...(broken.length > 0 ? broken : [fine]))
      .map(({ what, values: changed }) => ({ ...built(operation, changed), fault: what }));
  });
}

interface Parts {
  path: Values;
  query: Values;
  header: Values;
  body: unknown;
}

function parts(operation: ApiOperation, words: Words): fc.Arbitrary<Parts> {
  const group = (place: Parameter["in"]) => {
    const members = operation.parameters.filter((one) => one.in === place);
    const model = Object.fromEntries(
      members.map((one) => [one.name, propertyOf(one.name, one.schema, words)]),
    );
    const requiredKeys = members.filter((one) => one.required || place === "path").map((one) => one.name);
    return fc.record(model, { requiredKeys });
  };
  const body = operation.body ? validValues(operation.body, words) : fc.constant(undefined);
  const path = group("path").filter((values) => Object.values(values).every(isSegment));
  return fc.record({ path, query: group("query"), header: group("header").filter(isSendable), body });
}

const isSegment = (value: unknown) =>
  !["", ".", ".."].includes(String(value)) && String(value).isWellFormed();
const isSendable = (values: Values) =>
  Object.values(values).every((value) => /^[\x21-\x7e]+$/.test(String(value)));

function built(operation: ApiOperation, { path, query, header, body }: Parts): Omit<ApiRequest, "fault"> {
  const filled = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(path[name])),
  );
  const search = new URLSearchParams(
    Object.entries(query).flatMap(([name, value]) =>
      [value].flat().map((one): [string, string] => [name, String(one)]),
    ),
  );
  const text = search.size > 0 ? `?${search}` : "";
  const headers = Object.fromEntries(Object.entries(header).map(([name, value]) => [name, String(value)]));
  return { path: filled + text, headers, body };
}

/** Path parameters may break their schema, because the hostile strings are tried in all of them. */
function faultOf(operation: ApiOperation, { path }: Parts): string | null {
  const bad = operation.parameters.find(
    (one) => one.in === "path" && findings(one.schema, path[one.name]).length > 0,
  );
  return bad ? `path ${bad.name}` : null;
}

interface Fault {
  what: string;
  values: Parts;
}

function bodyFaults(operation: ApiOperation, values: Parts): Fault[] {
  if (!operation.body) return [];
  return mutations(operation.body, values.body).map(({ what, value }) => ({
    what: `body ${what}`,
    values: { ...values, body: value },
  }));
}

/** Query parameters are text: only those that are no number or not one of the allowed words can be wrong. */
function queryFaults(operation: ApiOperation, values: Parts): Fault[] {
  return operation.parameters
    .filter((one) => one.in === "query")
    .flatMap((one) => wrongTexts(one).map((text) => ({ one, text })))
    .map(({ one, text }) => ({
      what: `query ${one.name}=${text}`,
      values: { ...values, query: { ...values.query, [one.name]: text } },
    }));
}

function wrongTexts({ schema }: Parameter): string[] {
  if (Array.isArray(schema["enum"])) return ["no such word"];
  if (schema["type"] !== "integer") return [];
  const { minimum, maximum } = schema;
  return [
    "x",
    "1.5",
    ...(typeof minimum === "number" ? [String(minimum - 1)] : []),
    ...(typeof maximum === "number" ? [String(maximum + 1), "1e30"] : []),
  ];
}
