import type { Ids } from "../ports.ts";

const BASE_LENGTH_MAX = 80;

/** Default slug of a location: its name in a URL's alphabet, made unique by 8 hex characters. */
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
