import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { z } from "zod";
import { buildOpenApi } from "../../../src/api/openapi.ts";
import { EVENT_TYPES } from "../../../src/ports.ts";
import { openGateway } from "./gateway/gateway.ts";

interface Operation {
  operationId: string;
  tags: string[];
  security: object[];
  requestBody?: object;
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
}

interface Document {
  openapi: string;
  webhooks: Record<
    string,
    {
      post: {
        tags: string[];
        requestBody: {
          content: { "application/json": { schema: z.core.JSONSchema.JSONSchema; example: object } };
        };
      };
    }
  >;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes: Record<string, object> };
  tags: Array<{ name: string }>;
}

const document = buildOpenApi() as Document;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
);
const gateway = operations.filter(({ path }) => path.startsWith("/ocpp/"));

test("the committed openapi.json is what the routes say", async () => {
  const committed = await readFile(new URL("../../../openapi.json", import.meta.url), "utf8");
  expect(JSON.parse(committed)).toEqual(JSON.parse(JSON.stringify(document)));
});

test("the server hands out the same document to anyone", async () => {
  const { call } = await openGateway();
  const answer = await call("/openapi.json", { token: null });
  expect([answer.status, answer.json]).toEqual([200, JSON.parse(JSON.stringify(document))]);
});

test("operation ids are unique, every tag and every security scheme is declared", () => {
  expect(document.openapi).toBe("3.1.0");
  const ids = operations.map(({ operationId }) => operationId);
  expect(ids).toEqual([...new Set(ids)]);
  const tags = document.tags.map(({ name }) => name);
  for (const operation of operations) {
    expect(tags).toEqual(expect.arrayContaining(operation.tags));
    for (const scheme of operation.security)
      expect(Object.keys(document.components.securitySchemes)).toEqual(
        expect.arrayContaining(Object.keys(scheme)),
      );
  }
});

test("every event stands in the document as a webhook, with a schema that its example holds to and that allows more", () => {
  expect(Object.keys(document.webhooks).toSorted()).toEqual([...EVENT_TYPES].toSorted());
  for (const [name, { post }] of Object.entries(document.webhooks)) {
    const { schema, example } = post.requestBody.content["application/json"];
    const body = z.fromJSONSchema(schema);
    expect(example).toMatchObject({ event: name });
    expect(body.safeParse(example).success, name).toBe(true);
    expect(body.safeParse({ ...example, event: "another" }).success, name).toBe(false);
    expect(body.safeParse({ ...example, data: {} }).success, name).toBe(false);
    expect(JSON.stringify(schema)).not.toContain('"additionalProperties":false');
  }
  const tags = document.tags.map(({ name }) => name);
  for (const { post } of Object.values(document.webhooks))
    expect(tags).toEqual(expect.arrayContaining(post.tags));
});

test("every reference leads somewhere", () => {
  const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)];
  expect(references.length).toBeGreaterThan(0);
  for (const [, name = ""] of references) expect(document.components.schemas).toHaveProperty([name]);
});

test("every gateway operation lists its refusals with their bodies", () => {
  expect(gateway.length).toBeGreaterThan(0);
  for (const { path, requestBody, responses } of gateway) {
    const required = ["401", "403", "405", "422", "429", "500", "503"];
    if (path.includes("{")) required.push("404");
    if (requestBody) required.push("413", "415");
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(required));
    for (const [status, response] of Object.entries(responses)) {
      if (Number(status) < 400) continue;
      const name = status === "422" ? "HTTPValidationError" : "HttpErrorResponse";
      const schema = { $ref: `#/components/schemas/${name}` };
      expect(response.content?.["application/json"]?.schema).toEqual(schema);
    }
  }
});

test("every default is a value that its own schema allows", () => {
  const parameters = JSON.parse(JSON.stringify(operations)).flatMap(
    (operation: {
      parameters?: Array<{ schema: { default?: number; minimum?: number; maximum?: number } }>;
    }) => operation.parameters ?? [],
  );
  for (const { schema } of parameters) {
    if (typeof schema.default !== "number") continue;
    expect(schema.default).toBeGreaterThanOrEqual(schema.minimum ?? -Infinity);
    expect(schema.default).toBeLessThanOrEqual(schema.maximum ?? Infinity);
  }
});

test("no property of a request body has a default: generated clients would take it for a required one", () => {
  const bodies = JSON.stringify(operations.map(({ requestBody }) => requestBody ?? null));
  const named = [...bodies.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name = ""]) => name);
  const schemas = named.map((name) => JSON.stringify(document.components.schemas[name]));
  const nested = schemas.flatMap((text) => [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)]);
  const all = [
    bodies,
    ...schemas,
    ...nested.map(([, name = ""]) => JSON.stringify(document.components.schemas[name])),
  ];
  expect(all.flatMap((text) => text.match(/.{0,80}"default":/g) ?? [])).toEqual([]);
});

test("the payloads of the reference pages type-check against the generated client as they stand there", async () => {
  const root = new URL("../../../", import.meta.url);
  const flags = "--ignoreConfig --noEmit --strict --skipLibCheck --module esnext --moduleResolution bundler";
  const args = [...flags.split(" "), "--allowImportingTsExtensions", "test/unit/api/documented-payloads.ts"];
  const { stdout } = await promisify(execFile)(fileURLToPath(new URL("node_modules/.bin/tsc", root)), args, {
    cwd: fileURLToPath(root),
  }).catch((failed: { stdout: string }) => failed);
  expect(stdout).toBe("");
  const { scripts } = z
    .object({ scripts: z.object({ generate: z.string() }) })
    .parse(JSON.parse(await readFile(new URL("dashboard/package.json", root), "utf8")));
  // As any client would be generated: no flag makes optional what the document makes required.
  expect(scripts.generate).toBe("openapi-typescript ../openapi.json --output src/api.gen.ts");
});

test("tokens, their discovery and health stand in the document, open to everybody, and OAuth2 is a scheme", () => {
  const open = operations.filter(({ security }) => security.length === 0).map(({ path }) => path);
  expect(open.toSorted()).toEqual([
    "/.well-known/openid-configuration",
    "/healthz",
    "/oauth/token",
    "/readyz",
  ]);
  expect(document.components.securitySchemes["OAuth2"]).toMatchObject({
    type: "oauth2",
    flows: { password: { tokenUrl: "/oauth/token" } },
  });
  const settings = operations.filter(({ path }) => path.startsWith("/api/chargers/"));
  expect(settings.length).toBeGreaterThan(0);
  for (const { security } of settings) expect(security).toContainEqual({ OAuth2: [] });
});

test("every operation that asks for a credential documents 405, and 408, 413 and 415 if it takes a body", () => {
  const closed = operations.filter(({ security }) => security.length > 0);
  for (const { operationId, requestBody, responses } of closed) {
    const required = ["405", ...(requestBody ? ["408", "413", "415"] : [])];
    expect(Object.keys(responses), operationId).toEqual(expect.arrayContaining(required));
  }
});
