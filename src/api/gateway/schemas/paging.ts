import { z } from "@hono/zod-openapi";
import { queryInteger } from "./fields.ts";

const INT32_MAX = 2_147_483_647;

export const PageQuery = z.object({
  page: queryInteger({ min: 1, max: INT32_MAX, fallback: 1 }),
  limit: queryInteger({ min: 1, max: 100, fallback: 50 }),
});

/** Envelope of every page list. */
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
