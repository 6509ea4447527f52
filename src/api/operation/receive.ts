import type { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { AppEnv } from "../http/context.ts";
import { idempotencyClaim, IdempotencyHeader } from "../http/idempotency-key.ts";
import { MalformedJson, readJsonBody } from "../http/json-body.ts";
import type {
  Examined,
  Operation,
  OperationBody,
  OperationRequest,
  RequestPart,
  Surface,
} from "./operation.ts";

const FINDINGS_MAX = 100;

/** The request breaks its declaration. The findings are worded by the surface that received it; at most 100. */
export class InvalidRequest<Finding> extends Error {
  readonly findings: readonly Finding[];
  constructor(findings: readonly Finding[]) {
    super("Invalid request");
    this.findings = findings.slice(0, FINDINGS_MAX);
  }
}

/**
 * Reads and validates a request. Findings of path, query, header and body are reported together; size and media type of
 * the body come before them.
 * @throws BodyRefused, MalformedJson, InvalidRequest
 */
export async function receive<Role extends string, Finding, P, Q, S, A, B>(
  c: Context<AppEnv>,
  surface: Surface<Role, Finding>,
  operation: Operation<Role, Finding, P, Q, S, A, B>,
): Promise<OperationRequest<P, Q, B>> {
  const check = <T>(part: RequestPart, schema: z.ZodType<T> | undefined, input: unknown) =>
    examine(surface, part, schema, input);
  const read = await readBody(c, surface, operation.body);
  const path = check("path", surface.checksPath ? operation.params : undefined, c.req.param()) as Examined<
    P,
    Finding
  >;
  const query = check("query", operation.query, surface.queryValues(c, operation.query));
  const key = c.req.header("Idempotency-Key");
  const keyHeader = key === undefined ? {} : { "Idempotency-Key": key };
  const header = check("header", operation.isIdempotent ? IdempotencyHeader : undefined, keyHeader);
  const body = examineBody(c, surface, operation, read);
  const findings = [path, query, header, body].flatMap((part) => ("findings" in part ? part.findings : []));
  if (findings.length > 0) throw new InvalidRequest(findings);
  const keyed = { method: c.req.method, path: c.req.path, key: key ?? null, body: rawOf(read) };
  return {
    c,
    ports: c.get("ports"),
    organization: c.get("organization"),
    path: valueOf(path),
    query: valueOf(query),
    body: valueOf(body),
    claim: operation.isIdempotent ? await idempotencyClaim(keyed) : null,
  };
}

/** Holds one part of a request against its schema; without a schema it is taken as it came. */
function examine<Finding, T>(
  { findings }: Pick<Surface<string, Finding>, "findings">,
  part: RequestPart,
  schema: z.ZodType<T> | undefined,
  input: unknown,
): Examined<T, Finding> {
  // Without a schema the type of this part is `unknown`, or that of the path parameters, which are strings.
  if (schema === undefined) return { value: input as T };
  const result = schema.safeParse(input);
  return result.success
    ? { value: result.data }
    : { findings: findings({ part, schema, input, error: result.error }) };
}

type ReadBody<Finding> =
  /** Nobody reads it. */
  | { kind: "unread" }
  /** There is none, but the operation needs one. */
  | { kind: "missing" }
  | { kind: "json"; raw: unknown }
  | { kind: "malformed"; finding: Finding };

async function readBody<Finding>(
  c: Context<AppEnv>,
  surface: Pick<Surface<string, Finding>, "body" | "malformedJson">,
  body: OperationBody<unknown> | undefined,
): Promise<ReadBody<Finding>> {
  if (body === undefined || body.mediaType !== undefined || body.isIgnored?.(c)) return { kind: "unread" };
  const { maxBytes, nullIsEmpty, acceptsType } = surface.body;
  try {
    const read = await readJsonBody(c.req.raw, {
      maxBytes: body.maxBytes ?? maxBytes,
      deadlineMs: c.get("config").BODY_DEADLINE_SECONDS * 1000,
      ...(acceptsType ? { acceptsType } : {}),
    });
    const isEmpty = read.kind === "empty" || (nullIsEmpty && read.value === null);
    if (!isEmpty) return { kind: "json", raw: read.value };
    return body.required ? { kind: "missing" } : { kind: "json", raw: {} };
  } catch (error) {
    if (!(error instanceof MalformedJson) || !surface.malformedJson) throw error;
    return { kind: "malformed", finding: surface.malformedJson(error) };
  }
}

function examineBody<Role extends string, Finding, P, Q, S, A, B>(
  c: Context<AppEnv>,
  surface: Surface<Role, Finding>,
  operation: Operation<Role, Finding, P, Q, S, A, B>,
  read: ReadBody<Finding>,
): Examined<B, Finding> {
  if (read.kind === "malformed") return { findings: [read.finding] };
  // An operation that ignores its body has `undefined` in the type of its `examine`.
  if (read.kind === "unread") return { value: undefined as B };
  if (read.kind === "json" && operation.examine) return operation.examine(read.raw, c);
  // Without `examine` the type of the body is that of its schema.
  return examine(surface, "body", operation.body?.schema, rawOf(read)) as Examined<
    unknown,
    Finding
  > as Examined<B, Finding>;
}

function rawOf(read: ReadBody<unknown>): unknown {
  return read.kind === "json" ? read.raw : undefined;
}

function valueOf<T>(examined: Examined<T, unknown>): T {
  if ("value" in examined) return examined.value;
  throw new TypeError("an invalid part has no value");
}
