import { z } from "@hono/zod-openapi";

const INT32_MAX = 2_147_483_647;

/** On 2.x, connector n is EVSE n. */
export function connectorNumber(minimum: 0 | 1) {
  return z.int().min(minimum).max(INT32_MAX).openapi({ example: 1 });
}
