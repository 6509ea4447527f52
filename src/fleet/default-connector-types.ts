import { listBrands, listModels } from "./catalog.ts";

/** Default connector type of each model, by `<brand slug>/<model slug>`. */
export function defaultConnectorTypes(): Record<string, string> {
  const entries = listBrands().flatMap(({ slug: brand }) =>
    listModels(brand).flatMap(({ slug, connectorTypes: [first] }): Array<[string, string]> =>
      first === undefined ? [] : [[`${brand}/${slug}`, first]],
    ),
  );
  return Object.fromEntries(entries);
}
