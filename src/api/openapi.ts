import type { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "./http/context.ts";

const INFO = {
  openapi: "3.1.0",
  info: {
    title: "Busbar",
    version: "0.1.0",
    description:
      "Provisions fleets of EV chargers durably (`/ocpp`) and puts every charger's OCPP connection behind plain HTTP (`/api/v1`).",
    license: { name: "MIT", identifier: "MIT" },
  },
};

/** Serves the document of all surfaces at `/openapi.json`. */
export function describeApi(app: OpenAPIHono<AppEnv>): void {
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
  app.doc31("/openapi.json", INFO);
}
