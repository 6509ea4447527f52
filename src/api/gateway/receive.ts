import type { RouteConfig } from "@hono/zod-openapi";
import type { Context } from "hono";
import { z } from "zod";
import type { AppEnv } from "../http/context.ts";
import { MalformedJson, readJsonBody } from "../http/json-body.ts";
import { type Finding, findingsOf, InvalidRequest, malformedJson, plainFinding } from "./findings.ts";
import { isListSchema } from "./schema-leaf.ts";

const BODY_BYTES_MAX = 1024 * 1024;

export interface Received<B> {
  body: B;
  /** The body as it came, unknown fields included; what an Idempotency-Key is bound to. */
  raw: unknown;
}

export type Examined<B> = { findings: Finding[] } | { value: B };

export interface BodyRules<B> {
  /** Default: 1 MiB. */
  maxBytes?: number;
  /** Default: an empty body is a missing one. */
  emptyBody?: "missing" | "object";
  /** The body is not even read, and the handler gets `undefined`. */
  ignoresBody?: (c: Context<AppEnv>) => boolean;
  /** Replaces validation by the route's schema where that cannot say everything. */
  examine?: (raw: unknown, c: Context<AppEnv>) => Examined<B>;
}

/**
 * Reads and validates a request, all parts together; leaves path, query and header values where `c.req.valid` finds them.
 * @throws BodyRefused, InvalidRequest
 */
export async function receive<B>(
  c: Context<AppEnv>,
  route: RouteConfig,
  rules: BodyRules<B>,
): Promise<Received<B>> {
  const takesBody = route.request?.body !== undefined && rules.ignoresBody?.(c) !== true;
  const body = takesBody ? await readBody(c, rules) : { raw: undefined, findings: [] };
  c.req.addValidatedData("param", c.req.param());
  const query = examineWith(route.request?.query, queryValues(c, route.request?.query), ["query"]);
  const header = examineWith(route.request?.headers, headerValues(c, route.request?.headers), ["header"]);
  const isReadable = takesBody && body.findings.length === 0;
  const examined = isReadable ? examineBody(c, body.raw, route, rules) : body;
  const findings = [query, header, examined].flatMap((part) => ("findings" in part ? part.findings : []));
  if (findings.length > 0) throw new InvalidRequest(findings);
  if ("value" in query) c.req.addValidatedData("query", objectOf(query.value));
  if ("value" in header) c.req.addValidatedData("header", objectOf(header.value));
  return { body: ("value" in examined ? examined.value : undefined) as B, raw: body.raw };
}

async function readBody<B>(
  c: Context<AppEnv>,
  rules: BodyRules<B>,
): Promise<{ raw: unknown; findings: Finding[] }> {
  try {
    const body = await readJsonBody(c.req.raw, {
      maxBytes: rules.maxBytes ?? BODY_BYTES_MAX,
      deadlineMs: c.get("config").BODY_DEADLINE_SECONDS * 1000,
    });
    const raw = body.kind === "json" ? body.value : null;
    if (raw !== null) return { raw, findings: [] };
    return rules.emptyBody === "object"
      ? { raw: {}, findings: [] }
      : { raw, findings: [plainFinding("missing", ["body"], null)] };
  } catch (error) {
    if (!(error instanceof MalformedJson)) throw error;
    return { raw: undefined, findings: [malformedJson(error.offset, error.message)] };
  }
}

function examineBody<B>(
  c: Context<AppEnv>,
  raw: unknown,
  route: RouteConfig,
  rules: BodyRules<B>,
): Examined<B> {
  if (rules.examine) return rules.examine(raw, c);
  // The type of the body is that of the route's schema unless `examine` says otherwise.
  return examineWith(jsonSchemaOf(route), raw, ["body"]) as Examined<B>;
}

function jsonSchemaOf(route: RouteConfig): unknown {
  const content = route.request?.body?.content["application/json"];
  return content && "schema" in content ? content.schema : undefined;
}

/** Validates one value; without schema nothing is wrong with it. */
export function examineWith<S extends z.ZodType>(
  schema: S | undefined,
  raw: unknown,
  base: Finding["loc"],
): Examined<z.output<S>>;
export function examineWith(schema: unknown, raw: unknown, base: Finding["loc"]): Examined<unknown>;
export function examineWith(schema: unknown, raw: unknown, base: Finding["loc"]): Examined<unknown> {
  if (!(schema instanceof z.ZodType)) return { value: {} };
  const result = schema.safeParse(raw);
  return result.success ? { value: result.data } : { findings: findingsOf(result.error, schema, raw, base) };
}

/** A repeated scalar parameter: the last one wins. */
function queryValues(c: Context<AppEnv>, schema: unknown): Record<string, string | string[]> {
  const entries = shapeOf(schema).flatMap(([name, field]): Array<[string, string | string[]]> => {
    const values = c.req.queries(name);
    const last = values?.at(-1);
    if (values === undefined || last === undefined) return [];
    return [[name, isListSchema(field) ? values : last]];
  });
  return Object.fromEntries(entries);
}

function headerValues(c: Context<AppEnv>, schema: unknown): Record<string, string> {
  const entries = shapeOf(schema).flatMap(([name]): Array<[string, string]> => {
    const value = c.req.header(name);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(entries);
}

function shapeOf(schema: unknown): Array<[string, z.core.$ZodType]> {
  return schema instanceof z.ZodObject ? Object.entries(schema.shape) : [];
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
