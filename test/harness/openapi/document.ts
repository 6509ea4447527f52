import { readFileSync } from "node:fs";
import { z } from "zod";

/** A JSON Schema as it stands in the document. */
export type Schema = { readonly [keyword: string]: unknown };

const schema = z.record(z.string(), z.unknown());
const content = z.record(z.string(), z.object({ schema }));
const parameter = z.object({
  name: z.string(),
  in: z.enum(["path", "query", "header"]),
  required: z.boolean().default(false),
  schema,
});
const response = z.object({ content: content.optional() });
const documented = z.object({
  operationId: z.string(),
  tags: z.array(z.string()),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  parameters: z.array(parameter).default([]),
  requestBody: z.object({ required: z.boolean().default(false), content }).optional(),
  responses: z.record(z.string(), response),
});
const openApi = z.object({
  paths: z.record(z.string(), z.record(z.string(), documented)),
  components: z.object({ schemas: z.record(z.string(), schema) }),
});

export type Parameter = z.output<typeof parameter>;

/** One operation of `openapi.json`. */
export interface ApiOperation extends Omit<z.output<typeof documented>, "requestBody" | "security"> {
  method: string;
  path: string;
  /** The schema of its JSON body; null when it takes none. */
  body: Schema | null;
  isBodyRequired: boolean;
  scheme: "HTTPBearer" | "ApiKey";
  /** The smallest role that may call it; null: any credential. */
  role: string | null;
  surface: "gateway" | "v1" | "settings";
}

/** The committed document. */
export const document = openApi.parse(
  JSON.parse(readFileSync(new URL("../../../openapi.json", import.meta.url), "utf8")),
);

function surfaceOf(path: string): ApiOperation["surface"] {
  if (path.startsWith("/api/v1/")) return "v1";
  return path.startsWith("/api/chargers/") ? "settings" : "gateway";
}

type Documented = z.output<typeof documented>;

const all = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    path,
    method: method.toUpperCase(),
    ...operation,
  })),
);

/** Operations without authentication. */
export const publicOperations: readonly (Documented & { path: string; method: string })[] = all.filter(
  ({ security }) => security.length === 0,
);

/** Operations with authentication. */
export const operations: readonly ApiOperation[] = all
  .filter(({ security }) => security.length > 0)
  .map(({ requestBody, security, ...operation }): ApiOperation => {
    const body = requestBody?.content["application/json"]?.schema ?? null;
    const isBodyRequired = requestBody?.required ?? false;
    const scheme = security.some((one) => "HTTPBearer" in one) ? "HTTPBearer" : "ApiKey";
    const role = security.flatMap((one) => Object.values(one)).flat()[0] ?? null;
    return { ...operation, body, isBodyRequired, scheme, role, surface: surfaceOf(operation.path) };
  });

/** The schema behind a reference, or the schema itself. */
export function resolve(one: Schema): Schema {
  const reference = one["$ref"];
  if (typeof reference !== "string") return one;
  const found = document.components.schemas[reference.replace("#/components/schemas/", "")];
  if (!found) throw new Error(`${reference} leads nowhere`);
  return resolve(found);
}
