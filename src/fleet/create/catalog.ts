import data from "./catalog.json" with { type: "json" };

/** A brand of the catalog. */
export interface CatalogBrand {
  id: string;
  slug: string;
  name: string;
  imageUrl: string | null;
  createdAt: Date;
}

/** A model of the catalog. */
export interface CatalogModel {
  id: string;
  slug: string;
  name: string;
  brandSlug: string;
  brandId: string;
  imageUrl: string | null;
  connectorCount: number;
  currentType: "ac" | "dc";
  /** Power levels in kW. */
  powerStepsKw: readonly number[];
  connectorTypes: readonly string[];
  createdAt: Date;
}

/**
 * Brands and models from public data sheets, ordered by slug. Ids never change, because clients may have stored them.
 */
interface BrandRecord {
  id: string;
  slug: string;
  name: string;
  models: Array<Pick<CatalogModel, "id" | "slug" | "name" | "powerStepsKw" | "connectorTypes"> & Circuit>;
}

interface Circuit {
  connectors: number;
  current: string;
}

const CREATED_AT = new Date("2026-03-01T09:00:00.000Z");

const brands = new Map<string, CatalogBrand>();
const models = new Map<string, Map<string, CatalogModel>>();

for (const { models: records, ...brand } of data satisfies BrandRecord[]) {
  brands.set(brand.slug, { ...brand, imageUrl: null, createdAt: CREATED_AT });
  const ofBrand = records.map(({ connectors, current, ...model }): CatalogModel => ({
    ...model,
    brandSlug: brand.slug,
    brandId: brand.id,
    imageUrl: null,
    connectorCount: connectors,
    currentType: current === "ac" ? "ac" : "dc",
    createdAt: CREATED_AT,
  }));
  models.set(brand.slug, new Map(ofBrand.map((model) => [model.slug, model])));
}

/** Slug ascending. */
/** All brands, ordered by slug. */
export function listBrands(): CatalogBrand[] {
  return [...brands.values()];
}

/** Brand by slug, case-sensitive; null: unknown. */
export function findBrand(slug: string): CatalogBrand | null {
  return brands.get(slug) ?? null;
}

/** Slug ascending; empty for an unknown brand. */
export function listModels(brandSlug: string): CatalogModel[] {
  return [...(models.get(brandSlug)?.values() ?? [])];
}

/** Model of a brand by slug, case-sensitive; null: unknown. */
export function findModel(brandSlug: string, modelSlug: string): CatalogModel | null {
  return models.get(brandSlug)?.get(modelSlug) ?? null;
}

/** Default connector type of each model, by `<brand slug>/<model slug>`. */
export function defaultConnectorTypes(): Record<string, string> {
  const entries = listBrands().flatMap(({ slug: brand }) =>
    listModels(brand).flatMap(({ slug, connectorTypes: [first] }): Array<[string, string]> =>
      first === undefined ? [] : [[`${brand}/${slug}`, first]],
    ),
  );
  return Object.fromEntries(entries);
}
