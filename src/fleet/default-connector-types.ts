import { listBrands, listModels } from "./catalog.ts";

/** What a charger without a connector type of its own has, by `<brand slug>/<model slug>`. */
export function defaultConnectorTypes(): Record<string, string> {
  const entries = listBrands().flatMap(({ slug: brand }) =>
    listModels(brand).flatMap(({ slug, connectorTypes: [first] }): Array<[string, string]> =>
      first === undefined ? [] : [[`${brand}/${slug}`, first]],
    ),
  );
  return Object.fromEntries(entries);
}
