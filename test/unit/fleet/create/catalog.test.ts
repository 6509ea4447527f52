import { expect, test } from "vitest";
import { blueprintOf } from "../../../../src/fleet/create/blueprint.ts";
import { findBrand, findModel, listBrands, listModels } from "../../../../src/fleet/create/catalog.ts";

const SLUG = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const brands = listBrands();
const models = brands.flatMap(({ slug }) => listModels(slug));

test("the catalog has at least 12 real brands and 30 real models", () => {
  const isReal = (slug: string) => slug !== "generic";
  expect(brands.filter(({ slug }) => isReal(slug)).length).toBeGreaterThanOrEqual(12);
  expect(models.filter(({ brandSlug }) => isReal(brandSlug)).length).toBeGreaterThanOrEqual(30);
});

test("ids are unique UUIDs, slugs are unique, well-formed and ascending", () => {
  const all = [...brands, ...models];
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  for (const { id, slug } of all)
    expect([id, slug]).toEqual([expect.stringMatching(UUID), expect.stringMatching(SLUG)]);
  for (const list of [brands, ...brands.map(({ slug }) => listModels(slug))]) {
    const slugs = list.map(({ slug }) => slug);
    expect(slugs).toEqual([...new Set(slugs)].toSorted());
    expect(slugs.length).toBeGreaterThan(0);
  }
});

test("every model has connectors, ascending power steps and a connector type that fits its current", () => {
  for (const model of models) {
    expect(model.connectorCount).toBeGreaterThan(0);
    expect(model.powerStepsKw).toEqual([...model.powerStepsKw].toSorted((a, b) => a - b));
    expect(model.powerStepsKw.every((power) => power > 0 && power <= 1000)).toBe(true);
    expect(model.connectorTypes[0]).toBe(model.currentType === "ac" ? "Type2" : "CCS2");
  }
});

test.each([
  ["wallbox", "wallbox-pulsar-plus", 1, 22_000, "Type2"],
  ["abb", "terra-184", 2, 180_000, "CCS2"],
  ["schneider", "evlink-pro-ac-22kw", 1, 22_000, "Type2"],
  ["generic", "generic-ac-22kw", 1, 22_000, "Type2"],
  ["generic", "generic-dc-150kw", 2, 150_000, "CCS2"],
])("%s %s is there under its documented slugs", (brandSlug, modelSlug, connectors, watts, connectorType) => {
  const given = {
    connectorType: null,
    wsUrl: null,
    locationName: null,
    ocppVersion: "OCPP1.6",
    runtime: "simulated",
  } as const;
  expect(blueprintOf({ brandSlug, modelSlug, ...given })).toMatchObject({
    kind: "ok",
    blueprint: { numberOfConnectors: connectors, maxChargingPower: watts, connectorType },
  });
});

test("slugs are looked up with regard to case, and never in an object's prototype", () => {
  for (const slug of ["ABB", "constructor", "__proto__", "toString", ""]) {
    expect(findBrand(slug)).toBeNull();
    expect(findModel(slug, slug)).toBeNull();
    expect(findModel("abb", slug)).toBeNull();
    expect(listModels(slug)).toEqual([]);
  }
});
