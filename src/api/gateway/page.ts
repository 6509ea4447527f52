import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Paged } from "../../ports.ts";
import { pageLinks, type PageQuery as PageOfRequest } from "../http/paging.ts";
import { queryInteger } from "./schemas/fields.ts";

const INT32_MAX = 2_147_483_647;

export const PageQuery = z.object({
  page: queryInteger({ min: 1, max: INT32_MAX, fallback: 1 }),
  limit: queryInteger({ min: 1, max: 100, fallback: 50 }),
});

/** Schema of the envelope of every page list. */
export function pageOf<S extends z.ZodType>(item: S) {
  return z.object({
    data: z.array(item),
    total: z.number().int(),
    page: z.number().int(),
    limit: z.number().int(),
  });
}

export const PageHeaders = z.object({
  Link: z
    .string()
    .openapi({ description: "first, prev, next and last page as relative references (RFC 8288)" }),
});

interface PageEnvelope<T> extends PageOfRequest {
  data: T[];
  total: number;
}

/** The envelope of a page list; sets `Link`. */
export function pageEnvelope<R, T>(
  c: Context,
  query: PageOfRequest,
  paged: Paged<R>,
  render: (row: R) => T,
): PageEnvelope<T> {
  c.header("Link", pageLinks(c.req.url, query, paged.total));
  return { data: paged.rows.map(render), total: paged.total, page: query.page, limit: query.limit };
}

/** One page of a list that is in memory as a whole. */
export function catalogPage<R, T>(
  c: Context,
  query: PageOfRequest,
  rows: R[],
  render: (row: R) => T,
): PageEnvelope<T> {
  const from = (query.page - 1) * query.limit;
  return pageEnvelope(c, query, { rows: rows.slice(from, from + query.limit), total: rows.length }, render);
}
