import type { Ids } from "../ports.ts";

/** Lower-case words of ASCII letters and digits, joined by single hyphens. */
export const SLUG_PATTERN = /^[a-z0-9]+(-[a-z0-9]+)*$/;
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

/** Whether a slug is a path segment of the API. */
export function isReservedSlug(slug: string): boolean {
  return RESERVED.has(slug);
}

/** Whether an organisation could have this slug, reserved ones included. */
export function hasSlugShape(text: string): boolean {
  return SLUG_PATTERN.test(text) && text.length <= LENGTH_MAX;
}

/** Whether a text can be the slug of an organisation. */
export function isOrganizationSlug(slug: string): boolean {
  return hasSlugShape(slug) && !isReservedSlug(slug);
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

const BASE_LENGTH_MAX = 80;

/** Default slug of a location: its name in lower-case ASCII with hyphens, and 8 random hexadecimal digits. */
export function locationSlug(name: string, ids: Pick<Ids, "hex">): string {
  const plain = name
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase();
  const base = plain
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-/, "")
    .slice(0, BASE_LENGTH_MAX)
    .replace(/-$/, "");
  return `${base || "location"}-${ids.hex(4)}`;
}
