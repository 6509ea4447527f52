import { z } from "@hono/zod-openapi";
import type { CatalogBrand, CatalogModel } from "../../../fleet/catalog.ts";
import { dateTime } from "./fields.ts";
import { pageOf } from "./paging.ts";

export const BrandResponse = z
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

export const BrandListResponse = pageOf(BrandResponse).openapi("BrandListResponse");

export const ModelResponse = z
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

export const ModelListResponse = pageOf(ModelResponse).openapi("ModelListResponse");

export const BrandParams = z.object({ brand_slug: z.string().openapi({ example: "wallbox" }) });
export const ModelParams = BrandParams.extend({
  model_slug: z.string().openapi({ example: "wallbox-pulsar-plus" }),
});

export function brandResponse(brand: CatalogBrand): z.infer<typeof BrandResponse> {
  const { id, slug, name, imageUrl, createdAt } = brand;
  return { id, slug, name, image_url: imageUrl, created_at: createdAt.toISOString() };
}

export function modelResponse(model: CatalogModel): z.infer<typeof ModelResponse> {
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
