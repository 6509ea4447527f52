import { createRoute } from "@hono/zod-openapi";
import { listBrands as brands } from "../../fleet/catalog.ts";
import { anyone } from "./access.ts";
import { operation } from "./operation.ts";
import { catalogPage } from "./page.ts";
import { BrandListResponse, brandResponse } from "./schemas/catalog.ts";
import { failures } from "./schemas/error.ts";
import { PageHeaders, PageQuery } from "./schemas/paging.ts";

const route = createRoute({
  operationId: "listBrands",
  method: "get",
  path: "/ocpp/catalog/brands",
  tags: ["catalog"],
  summary: "List brands",
  security: [{ HTTPBearer: [] }],
  middleware: anyone,
  request: { query: PageQuery },
  responses: {
    200: {
      description: "Brands retrieved successfully",
      content: { "application/json": { schema: BrandListResponse } },
      headers: PageHeaders,
    },
    ...failures,
  },
});

export const listBrands = operation(route, (c) => {
  return c.json(catalogPage(c, c.req.valid("query"), brands(), brandResponse), 200);
});
