import type { Page } from "../../ports.ts";

export interface PageQuery {
  /** One-based. */
  page: number;
  limit: number;
}

export function pageWindow({ page, limit }: PageQuery): Page {
  return { limit, offset: (page - 1) * limit };
}

// Many clients refuse an answer whose headers exceed 8 to 16 KiB in total.
const LINK_CHARACTERS_MAX = 4096;

/**
 * `Link` header of a page list (RFC 8288): first, prev, next and last as relative references that keep the other
 * query parameters. Undefined when a long query, repeated in each of them, makes it too long to send.
 */
export function pageLinks(requestUrl: string, { page, limit }: PageQuery, total: number): string | undefined {
  const last = Math.max(1, Math.ceil(total / limit));
  const link = (rel: string, target: number) => `<${pageReference(requestUrl, target, limit)}>; rel="${rel}"`;
  const links = [link("first", 1)];
  if (page > 1) links.push(link("prev", Math.min(page - 1, last)));
  if (page < last) links.push(link("next", page + 1));
  const header = [...links, link("last", last)].join(", ");
  return header.length <= LINK_CHARACTERS_MAX ? header : undefined;
}

function pageReference(requestUrl: string, page: number, limit: number): string {
  const url = new URL(requestUrl);
  url.searchParams.set("page", String(page));
  url.searchParams.set("limit", String(limit));
  return `${url.pathname}?${url.searchParams}`;
}
