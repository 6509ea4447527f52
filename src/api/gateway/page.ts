import type { Context } from "hono";
import type { Paged } from "../../ports.ts";
import { pageLinks, type PageQuery } from "../http/paging.ts";

export interface PageEnvelope<T> extends PageQuery {
  data: T[];
  total: number;
}

/** The envelope of a page list; sets `Link`. */
export function pageEnvelope<R, T>(
  c: Context,
  query: PageQuery,
  paged: Paged<R>,
  render: (row: R) => T,
): PageEnvelope<T> {
  c.header("Link", pageLinks(c.req.url, query, paged.total));
  return { data: paged.rows.map(render), total: paged.total, page: query.page, limit: query.limit };
}

/** One page of rows that are all at hand. */
export function catalogPage<R, T>(
  c: Context,
  query: PageQuery,
  rows: R[],
  render: (row: R) => T,
): PageEnvelope<T> {
  const from = (query.page - 1) * query.limit;
  return pageEnvelope(c, query, { rows: rows.slice(from, from + query.limit), total: rows.length }, render);
}
