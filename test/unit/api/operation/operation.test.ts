import { OpenAPIHono, z } from "@hono/zod-openapi";
import { createMiddleware } from "hono/factory";
import { describe, expect, test } from "vitest";
import type { Config } from "../../../../src/env.ts";
import type { AppEnv } from "../../../../src/api/http/context.ts";
import { jsonAnswer } from "../../../../src/api/operation/document.ts";
import { operationsOf, type BoundOperation } from "../../../../src/api/operation/operations-of.ts";
import type { Surface } from "../../../../src/api/operation/operation.ts";
import { InvalidRequest } from "../../../../src/api/operation/receive.ts";
import { BodyRefused } from "../../../../src/request-body.ts";

const surface: Surface<"anybody" | "nobody", string> = {
  admit: (role) => [
    createMiddleware(async (c, next) => (role === "nobody" ? c.json({ refused: true }, 403) : next())),
  ],
  security: (role) => [{ Key: [role] }],
  body: { maxBytes: 100, nullIsEmpty: true, mediaTypes: ["application/json", "text/json"] },
  checksPath: true,
  queryValues: (c) => c.req.query(),
  findings: ({ part, error }) => error.issues.map((issue) => `${part} ${issue.path.join(".")}`),
  malformedJson: ({ offset }) => `body at ${offset}`,
  refusals: {
    always: [403],
    withBody: [413],
    describe: (status) => jsonAnswer(`refusal ${status}`, z.object({})),
  },
};
const defineOperation = operationsOf(surface);

const thing = z.object({ name: z.string() });
const shared = {
  method: "post",
  path: "/things/{id}",
  operationId: "changeThing",
  summary: "Change a thing",
  tag: "things",
  role: "anybody",
  params: z.object({ id: z.string().max(3) }),
  success: { status: 201, description: "Changed", schema: z.object({ got: z.unknown() }) },
} as const;

function serve(operation: BoundOperation) {
  const app = new OpenAPIHono<AppEnv>();
  app.use(async (c, next) => {
    c.set("config", { BODY_DEADLINE_SECONDS: 5 } as Config);
    await next();
  });
  app.onError((error, c) => {
    if (error instanceof InvalidRequest) return c.json({ findings: error.findings }, 400);
    if (error instanceof BodyRefused) return c.json({}, error.status);
    throw error;
  });
  operation.mount(app);
  const post = async (path: string, body?: string, headers: Record<string, string> = {}) => {
    const json =
      body === undefined ? {} : { body, headers: { "content-type": "application/json", ...headers } };
    const answer = await app.request(path, { method: "POST", headers, ...json });
    return [answer.status, await answer.json()];
  };
  const document = () => app.getOpenAPI31Document({ openapi: "3.1.0", info: { title: "", version: "" } });
  return { post, document };
}

describe("a request", () => {
  test("is answered the findings of path, query, header and body together, in that order", async () => {
    const { post } = serve(
      defineOperation({
        ...shared,
        query: z.object({ limit: z.literal("1") }),
        body: { schema: thing, required: true },
        isIdempotent: true,
        handle: () => ({ got: null }),
      }),
    );
    expect(await post("/things/1234?limit=2", "{}", { "idempotency-key": "x".repeat(256) })).toEqual([
      400,
      { findings: ["path id", "query limit", "header Idempotency-Key", "body name"] },
    ]);
    expect(await post("/things/1234?limit=1", "{")).toEqual([400, { findings: ["path id", "body at 1"] }]);
  });

  test("names at most 100 findings", async () => {
    const items = z.object({ items: z.array(z.string()) });
    const operation = defineOperation({
      ...shared,
      body: { schema: items, maxBytes: 10_000 },
      handle: () => ({ got: null }),
    });
    const [status, answer] = await serve(operation).post(
      "/things/1",
      JSON.stringify({ items: Array(500).fill(1) }),
    );
    expect([status, answer]).toMatchObject([400, { findings: { length: 100 } }]);
  });

  test.each([
    ["without a body, where one is needed", true, undefined, 400],
    ["with null, where a body is needed", true, "null", 400],
    ["without a body, where none is needed", undefined, undefined, 201],
    ["with an empty object, where none is needed", undefined, "{}", 201],
    ["with a body over the bound", undefined, `{"name":"${"x".repeat(100)}"}`, 413],
  ])("%s is answered as the declaration says", async (_title, required, body, status) => {
    const schema = required ? thing : thing.partial();
    const { post } = serve(
      defineOperation({
        ...shared,
        body: { schema, ...(required ? { required } : {}) },
        handle: ({ body: got }) => ({ got }),
      }),
    );
    expect((await post("/things/1", body))[0]).toBe(status);
  });

  test("reaches its handler as the schemas parsed it, with the claim of its key", async () => {
    const { post } = serve(
      defineOperation({
        ...shared,
        query: z.object({ limit: z.string().transform(Number) }),
        body: { schema: thing },
        isIdempotent: true,
        handle: ({ path, query, body, claim }) => ({
          got: [path.id, query.limit, body.name, claim?.key ?? null],
        }),
      }),
    );
    const body = '{"name":"a","unknown":1}';
    expect(await post("/things/1?limit=7", body, { "idempotency-key": "k" })).toEqual([
      201,
      { got: ["1", 7, "a", "k"] },
    ]);
    expect(await post("/things/1?limit=7", body)).toEqual([201, { got: ["1", 7, "a", null] }]);
  });

  test("is examined by the operation's own rule where a schema cannot say everything", async () => {
    const { post } = serve(
      defineOperation({
        ...shared,
        body: { schema: thing, isIgnored: (c) => c.req.query("skip") === "1" },
        examine: (raw) =>
          JSON.stringify(raw) === "{}" ? { findings: ["own rule"] } : { value: ["examined"] },
        handle: ({ body }) => ({ got: body ?? "ignored" }),
      }),
    );
    expect(await post("/things/1", "{}")).toEqual([400, { findings: ["own rule"] }]);
    expect(await post("/things/1", '{"name":1}')).toEqual([201, { got: ["examined"] }]);
    expect(await post("/things/1?skip=1", "{")).toEqual([201, { got: "ignored" }]);
  });

  test("of a role that is not admitted is refused before its body is read", async () => {
    const { post } = serve(
      defineOperation({ ...shared, role: "nobody", body: { schema: thing }, handle: () => ({ got: null }) }),
    );
    expect(await post("/things/1", "x".repeat(500))).toEqual([403, { refused: true }]);
  });
});

test("an operation documents what it declares and what its surface answers", () => {
  const operation = defineOperation({
    ...shared,
    description: "For a test",
    query: z.object({ limit: z.string() }),
    body: { schema: thing, required: true },
    isIdempotent: true,
    isConditional: true,
    refusals: [404],
    otherAnswers: { 418: { description: "A teapot" } },
    handle: () => ({ got: null }),
  });
  const documented = serve(operation).document().paths?.["/things/{id}"]?.post;
  expect(documented).toMatchObject({
    operationId: "changeThing",
    tags: ["things"],
    summary: "Change a thing",
    description: "For a test",
    security: [{ Key: ["anybody"] }],
    requestBody: { required: true, content: { "application/json": {}, "text/json": {} } },
    parameters: [
      { name: "id", in: "path" },
      { name: "limit", in: "query" },
      { name: "Idempotency-Key", in: "header" },
    ],
  });
  expect(Object.keys(documented?.responses ?? {})).toEqual(["201", "304", "403", "404", "413", "418"]);
});
