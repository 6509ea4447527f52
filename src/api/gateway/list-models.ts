import { createRoute } from "@hono/zod-openapi";
import { NotFound } from "../../errors.ts";
import { findBrand, listModels as models } from "../../fleet/catalog.ts";
import { anyone } from "./access.ts";
import { operation } from "./operation.ts";
import { catalogPage } from "./page.ts";
import { BrandParams, ModelListResponse, modelResponse } from "./schemas/catalog.ts";
import { failures, notFound } from "./schemas/error.ts";
import { PageHeaders, PageQuery } from "./schemas/paging.ts";

const route = createRoute({
  operationId: "listModels",
  method: "get",
  path: "/ocpp/catalog/brands/{brand_slug}/models",
  tags: ["catalog"],
  summary: "List models",
  description: "Retrieve charger model details for a specific brand slug.",
  security: [{ HTTPBearer: [] }],
  middleware: anyone,
  request: { params: BrandParams, query: PageQuery },
  responses: {
    200: {
      description: "Models retrieved successfully",
      content: { "application/json": { schema: ModelListResponse } },
      headers: PageHeaders,
    },
    ...notFound,
    ...failures,
  },
});

export const listModels = operation(route, (c) => {
  const slug = c.req.valid("param").brand_slug;
  if (!findBrand(slug)) throw new NotFound("Brand", slug);
  return c.json(catalogPage(c, c.req.valid("query"), models(slug), modelResponse), 200);
});
