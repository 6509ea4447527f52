import type { RouteConfig, z } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import type { IdempotencyClaim, Organization, Ports } from "../../ports.ts";
import type { AppEnv } from "../http/context.ts";
import type { MalformedJson } from "../http/json-body.ts";

export type RequestPart = "path" | "query" | "header" | "body";

/** A documented answer, as OpenAPI writes it. */
export type DocumentedAnswer = RouteConfig["responses"][string];

/** What a schema found wrong with one part of a request. */
interface InvalidPart {
  part: RequestPart;
  schema: z.ZodType;
  /** What the schema was given. */
  input: unknown;
  error: z.ZodError;
}

/**
 * Properties that one public surface gives all of its operations.
 *
 * @template Role how an operation says who may call it
 * @template Finding one item of this surface's answer to an invalid request
 */
export interface Surface<Role extends string, Finding> {
  /** Checks before the request is read, in the surface's order: authentication, role, rate limit. */
  admit: (role: Role) => MiddlewareHandler<AppEnv>[];
  /** Security requirements of the OpenAPI document, with the smallest role where the scheme has no scopes. */
  security: (role: Role) => Array<Record<string, string[]>>;
  body: {
    maxBytes: number;
    /** Whether a media type is read as JSON. Default: `application/json` and any `+json`. */
    acceptsType?: (mediaType: string) => boolean;
    /** The media types that are documented. Default: `application/json`. */
    mediaTypes?: readonly string[];
    /** Whether a body of `null` counts as no body. */
    nullIsEmpty: boolean;
  };
  /** Whether path parameters are held against their schema; else any text reaches the handler, which answers 404. */
  checksPath: boolean;
  /** Query parameters as the schema expects them. */
  queryValues: (c: Context<AppEnv>, schema: unknown) => unknown;
  /** Findings of one part of a request, in this surface's words. */
  findings: (invalid: InvalidPart) => Finding[];
  /** A body that is not JSON as a finding among others. Absent: `MalformedJson` reaches the error handler alone. */
  malformedJson?: (error: MalformedJson) => Finding;
  refusals: {
    /** Statuses that every operation may answer with. */
    always: readonly number[];
    /** Further statuses of operations that take a body. */
    withBody: readonly number[];
    describe: (status: number) => DocumentedAnswer;
  };
}

export type Examined<Value, Finding> = { value: Value } | { findings: Finding[] };

export interface OperationBody<S> {
  schema: z.ZodType<S>;
  /** True: a missing body is invalid. Otherwise it is read as `{}`. */
  required?: boolean;
  /** Default: that of the surface. */
  maxBytes?: number;
  /** Of a body that is not JSON: the handler reads it itself. */
  mediaType?: string;
  /** True: the body is not read and the handler gets `undefined`. */
  isIgnored?: (c: Context<AppEnv>) => boolean;
}

/** A request whose parts all fit the operation's schemas. */
export interface OperationRequest<P, Q, B> {
  c: Context<AppEnv>;
  ports: Ports;
  /** The organisation the caller acts in. Undefined for roles that are admitted without one. */
  organization: Organization;
  path: P;
  query: Q;
  body: B;
  /** Of an idempotent operation whose request has an `Idempotency-Key`; else null. */
  claim: IdempotencyClaim | null;
}

/**
 * One operation of a surface. Its route, its validation and its part of the OpenAPI document follow from this
 * declaration; the security and fuzz tests follow from that document.
 */
export interface Operation<Role extends string, Finding, P, Q, S, A, B> {
  method: "get" | "post" | "put" | "patch" | "delete";
  /** With OpenAPI placeholders and below the surface's mount point, e.g. `/chargers/{chargeBoxId}/reset`. */
  path: string;
  operationId: string;
  summary: string;
  description?: string;
  tag: string;
  role: Role;
  params?: z.ZodType<P>;
  /** Patterns of path parameters at whose position another path has a fixed word. */
  shapes?: Readonly<Record<string, string>>;
  query?: z.ZodType<Q>;
  body?: OperationBody<S>;
  /** Replaces validation of the body by its schema, which then only documents it. */
  examine?: (raw: unknown, c: Context<AppEnv>) => Examined<B, Finding>;
  /** The operation takes an `Idempotency-Key`. */
  isIdempotent?: boolean;
  /** The answer has an `ETag`: a matching `If-None-Match` is answered 304. */
  isConditional?: boolean;
  success: {
    status: 101 | 200 | 201 | 202;
    description: string;
    schema?: z.ZodType<A>;
    headers?: z.ZodObject;
  };
  /** Statuses beyond those that every operation of the surface may answer with. */
  refusals?: readonly number[];
  /** Further answers that are described here and not by the surface. */
  otherAnswers?: Record<number, DocumentedAnswer>;
  /** Returns the body of a success, or a whole response where it is not a plain JSON body. */
  handle: (request: OperationRequest<P, Q, B>) => Handled<NoInfer<A>>;
}

type Handled<A> = A | Response | Promise<A | Response>;
