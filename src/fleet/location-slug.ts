import type { Ids } from "../ports.ts";

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
