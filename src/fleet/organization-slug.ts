const SLUG = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const LENGTH_MAX = 63;

/**
 * Slugs that an organisation cannot have: they are path segments of the `/ocpp` API, and charge points connect to
 * `/ocpp/<slug>/`.
 */
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

/** Slug made from a name; empty when no character of it is usable. */
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
