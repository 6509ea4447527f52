import { z } from "@hono/zod-openapi";
import { NotFound } from "../../errors.ts";
import {
  type CatalogBrand,
  type CatalogModel,
  findBrand,
  findModel,
  listBrands as brands,
  listModels as models,
} from "../../fleet/create/catalog.ts";
import { catalogPage, PageHeaders, pageOf, PageQuery } from "./page.ts";
import { dateTime } from "./schemas/fields.ts";
import { defineOperation } from "./surface.ts";

const BrandResponse = z
  .object({
    id: z.string(),
    slug: z.string(),
    name: z.string(),
    image_url: z.string().nullable(),
    created_at: dateTime,
  })
  .openapi("BrandResponse", {
    example: {
      id: "550e8400-e29b-41d4-a716-446655440001",
      slug: "wallbox",
      name: "Wallbox",
      image_url: null,
      created_at: "2026-03-01T09:00:00.000Z",
    },
  });

const BrandListResponse = pageOf(BrandResponse).openapi("BrandListResponse");

const ModelResponse = z
  .object({
    id: z.string(),
    slug: z.string(),
    name: z.string(),
    brand_slug: z.string().nullable(),
    brand_id: z.string().nullable(),
    image_url: z.string().nullable(),
    connector_count: z.number().int().nullable(),
    current_type: z.string().nullable().openapi({ description: "`ac` or `dc`" }),
    supported_kwh: z.array(z.number()).nullable().openapi({ description: "Power steps in kW" }),
    connector_types: z.array(z.string()).nullable(),
    created_at: dateTime,
  })
  .openapi("ModelResponse", {
    example: {
      id: "550e8400-e29b-41d4-a716-446655440002",
      slug: "wallbox-pulsar-plus",
      name: "Pulsar Plus",
      brand_slug: "wallbox",
      brand_id: "550e8400-e29b-41d4-a716-446655440001",
      image_url: null,
      connector_count: 1,
      current_type: "ac",
      supported_kwh: [7.4, 22],
      connector_types: ["Type2"],
      created_at: "2026-03-01T09:00:00.000Z",
    },
  });

const ModelListResponse = pageOf(ModelResponse).openapi("ModelListResponse");

const BrandParams = z.object({ brand_slug: z.string().openapi({ example: "wallbox" }) });
const ModelParams = BrandParams.extend({
  model_slug: z.string().openapi({ example: "wallbox-pulsar-plus" }),
});

function brandResponse(brand: CatalogBrand): z.infer<typeof BrandResponse> {
  const { id, slug, name, imageUrl, createdAt } = brand;
  return { id, slug, name, image_url: imageUrl, created_at: createdAt.toISOString() };
}

function modelResponse(model: CatalogModel): z.infer<typeof ModelResponse> {
  return {
    id: model.id,
    slug: model.slug,
    name: model.name,
    brand_slug: model.brandSlug,
    brand_id: model.brandId,
    image_url: model.imageUrl,
    connector_count: model.connectorCount,
    current_type: model.currentType,
    supported_kwh: [...model.powerStepsKw],
    connector_types: [...model.connectorTypes],
    created_at: model.createdAt.toISOString(),
  };
}

export const listBrands = defineOperation({
  operationId: "listBrands",
  method: "get",
  path: "/ocpp/catalog/brands",
  tag: "catalog",
  summary: "List brands",
  role: "anyone",
  query: PageQuery,
  success: {
    status: 200,
    description: "Brands retrieved successfully",
    schema: BrandListResponse,
    headers: PageHeaders,
  },
  handle: ({ c, query }) => catalogPage(c, query, brands(), brandResponse),
});

export const listModels = defineOperation({
  operationId: "listModels",
  method: "get",
  path: "/ocpp/catalog/brands/{brand_slug}/models",
  tag: "catalog",
  summary: "List models",
  description: "Retrieve charger model details for a specific brand slug.",
  role: "anyone",
  params: BrandParams,
  query: PageQuery,
  success: {
    status: 200,
    description: "Models retrieved successfully",
    schema: ModelListResponse,
    headers: PageHeaders,
  },
  refusals: [404],
  handle: ({ c, path: { brand_slug: slug }, query }) => {
    if (!findBrand(slug)) throw new NotFound("Brand", slug);
    return catalogPage(c, query, models(slug), modelResponse);
  },
});

export const getModel = defineOperation({
  operationId: "getModel",
  method: "get",
  path: "/ocpp/catalog/brands/{brand_slug}/models/{model_slug}",
  tag: "catalog",
  summary: "Get model",
  role: "anyone",
  params: ModelParams,
  success: { status: 200, description: "Model retrieved successfully", schema: ModelResponse },
  refusals: [404],
  handle: ({ path: { brand_slug: brandSlug, model_slug: modelSlug } }) => {
    if (!findBrand(brandSlug)) throw new NotFound("Brand", brandSlug);
    const model = findModel(brandSlug, modelSlug);
    if (!model) throw new NotFound("Model", modelSlug);
    return modelResponse(model);
  },
});
