import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormatsModule from "ajv-formats";
import { document, type ApiOperation, type Schema } from "./document.ts";

// The package is CommonJS: its default export lies one deeper under Node.
const addFormats = addFormatsModule.default ?? addFormatsModule;

/** An ajv that knows the formats; `strict` off, because OpenAPI adds keywords of its own. */
export function newValidator(): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats(ajv);
  return ajv;
}

const ajv = newValidator();
for (const [name, schema] of Object.entries(document.components.schemas))
  ajv.addSchema(rebased(schema), `/schemas/${name}`);

const compiled = new WeakMap<Schema, ValidateFunction>();

/** References of the document, as the names under which the schemas are registered above. */
function rebased(schema: Schema): Schema {
  const text = JSON.stringify(schema).replaceAll('"#/components/schemas/', '"/schemas/');
  return JSON.parse(text) as Schema;
}

/** What ajv finds wrong with a value; empty when it fits. */
export function findings(schema: Schema, value: unknown): string[] {
  let validate = compiled.get(schema);
  if (!validate) {
    validate = ajv.compile(rebased(schema));
    compiled.set(schema, validate);
  }
  if (validate(value)) return [];
  return (validate.errors ?? []).map((error) => `${error.instancePath || "/"} ${error.message ?? ""}`);
}

export interface Answer {
  status: number;
  headers: Headers;
  /** Parsed JSON; null for an empty body. */
  body: unknown;
}

/** All differences between an answer and the document; empty when it conforms. */
export function broken(operation: ApiOperation, { status, headers, body }: Answer): string[] {
  const promised = operation.responses[String(status)];
  if (!promised) return [`status ${status} is not documented`];
  const schema = promised.content?.["application/json"]?.schema;
  const faults = schema ? findings(schema, body) : body === null ? [] : ["a body where none is documented"];
  if (schema && !headers.get("content-type")?.startsWith("application/json")) faults.push("not JSON by type");
  if (!headers.get("x-request-id")) faults.push("no X-Request-Id");
  if (!headers.get("ratelimit-limit")) faults.push("no RateLimit-Limit");
  if (status === 401 && !headers.get("www-authenticate")) faults.push("401 without WWW-Authenticate");
  if ([429, 503].includes(status) && !headers.get("retry-after"))
    faults.push(`${status} without Retry-After`);
  return faults;
}
