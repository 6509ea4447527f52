import { OpenAPIHono } from "@hono/zod-openapi";
import { gatewayRouter } from "./gateway/router.ts";
import { readRequestSchemas } from "../ocpp/generated/request-schemas.js";
import type { AppEnv } from "./http/context.ts";
import { eventWebhooks } from "./openapi-events.ts";
import { healthOperations } from "./http/health.ts";
import { settingsRouter } from "./settings/router.ts";
import { v1Router } from "./v1/router.ts";

const DESCRIPTION = [
  "Provisions fleets of EV chargers durably (`/ocpp`) and puts every charger's OCPP connection behind plain HTTP (`/api/v1`).",
  "A create answers 202 as soon as it is stored: poll its `Location` until the state is final.",
  "Every answer carries `X-Request-Id` and `RateLimit-*`. Clients must tolerate additional fields.",
].join("\n\n");

const HEAD = {
  openapi: "3.1.0",
  info: {
    title: "Busbar",
    version: "0.1.0",
    description: DESCRIPTION,
    license: { name: "MIT", identifier: "MIT" },
  },
  servers: [{ url: "/" }],
};

const GATEWAY_TAGS = [
  { name: "catalog", description: "Brands and models that can be provisioned" },
  { name: "locations", description: "Sites: every charger is deployed into exactly one" },
  { name: "chargers", description: "One charger at a time" },
  { name: "location-chargers", description: "All chargers of a site, or a subset; batches and their jobs" },
];

/** The OpenAPI 3.1 document of all surfaces, one for the server, `openapi.json` and generated clients. */
export function buildOpenApi(): object {
  const app = new OpenAPIHono<AppEnv>();
  app.openAPIRegistry.registerComponent("securitySchemes", "HTTPBearer", {
    type: "http",
    scheme: "bearer",
    description: "A JWT or an API key of the organisation",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "ApiKey", {
    type: "apiKey",
    in: "header",
    name: "X-API-Key",
  });
  for (const [name, schema] of Object.entries(readRequestSchemas().schemas))
    app.openAPIRegistry.registerComponent("schemas", name, schema);
  app.route("/", gatewayRouter());
  app.route("/api/v1", v1Router());
  app.route("/", settingsRouter());
  for (const operation of healthOperations(noServices)) operation.mount(app);
  const document = app.getOpenAPI31Document(HEAD);
  const tags = Object.values(document.paths ?? {}).flatMap((path) =>
    Object.values(path).flatMap((operation) => tagsOf(operation)),
  );
  const others = [...new Set(tags)].filter((name) => GATEWAY_TAGS.every((tag) => tag.name !== name));
  return {
    ...document,
    webhooks: eventWebhooks(),
    tags: [...GATEWAY_TAGS, ...others.map((name) => ({ name }))],
  };
}

/** Health operations need services only when they are called. */
function noServices(): never {
  throw new Error("the document serves no request");
}

function tagsOf(operation: unknown): string[] {
  const isTagged = typeof operation === "object" && operation !== null && "tags" in operation;
  return isTagged && Array.isArray(operation.tags) ? operation.tags.map(String) : [];
}

/** Serves the document at `/openapi.json`; it is built when first asked for. */
export function describeApi(app: OpenAPIHono<AppEnv>): void {
  let document: object | null = null;
  app.get("/openapi.json", (c) => {
    document ??= buildOpenApi();
    return c.json(document, 200, { "Cache-Control": "public, max-age=300" });
  });
}
