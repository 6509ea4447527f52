import { createRoute } from "@hono/zod-openapi";
import { NotFound } from "../../errors.ts";
import { findBrand, findModel } from "../../fleet/catalog.ts";
import { anyone } from "./access.ts";
import { operation } from "./operation.ts";
import { ModelParams, ModelResponse, modelResponse } from "./schemas/catalog.ts";
import { failures, notFound } from "./schemas/error.ts";

const route = createRoute({
  operationId: "getModel",
  method: "get",
  path: "/ocpp/catalog/brands/{brand_slug}/models/{model_slug}",
  tags: ["catalog"],
  summary: "Get model",
  security: [{ HTTPBearer: [] }],
  middleware: anyone,
  request: { params: ModelParams },
  responses: {
    200: {
      description: "Model retrieved successfully",
      content: { "application/json": { schema: ModelResponse } },
    },
    ...notFound,
    ...failures,
  },
});

export const getModel = operation(route, (c) => {
  const { brand_slug: brandSlug, model_slug: modelSlug } = c.req.valid("param");
  if (!findBrand(brandSlug)) throw new NotFound("Brand", brandSlug);
  const model = findModel(brandSlug, modelSlug);
  if (!model) throw new NotFound("Model", modelSlug);
  return c.json(modelResponse(model), 200);
});
