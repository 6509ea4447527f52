const SLUG = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const LENGTH_MAX = 63;

/** First path segments of the gateway: charge points connect under `/ocpp/<slug>/` beside them. */
const RESERVED: ReadonlySet<string> = new Set([
  "catalog",
  "chargers",
  "commands",
  "jobs",
  "locations",
  "templates",
]);

export function isReservedSlug(slug: string): boolean {
  return RESERVED.has(slug);
}

export function isOrganizationSlug(slug: string): boolean {
  return SLUG.test(slug) && slug.length <= LENGTH_MAX && !isReservedSlug(slug);
}

/** The slug a name suggests; empty when nothing of it is usable. */
export function slugOf(name: string): string {
  const words = name
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[\u0300-\u036f]/g, "");
  return words
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, LENGTH_MAX)
    .replaceAll(/^-+|-+$/g, "");
}
