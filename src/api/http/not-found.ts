import type { Context } from "hono";
import { isReservedSlug } from "../../fleet/organization-slug.ts";
import type { AppEnv } from "./context.ts";
import { surfaceErrors } from "./surface.ts";

/** 404 in the format of the path's surface; a charge point's own path asks for its upgrade (RFC 9110 §15.5.22). */
export function notFound(c: Context<AppEnv>): Response {
  if (isChargePointPath(c.req.path))
    return c.json({ detail: "Upgrade Required" }, 426, { Upgrade: "websocket", Connection: "Upgrade" });
  return surfaceErrors(c.req.path).notFound(c);
}

function isChargePointPath(path: string): boolean {
  const match = /^\/ocpp\/([^/]+)\/[^/]+\/?$/.exec(path);
  return match?.[1] !== undefined && !isReservedSlug(match[1]);
}
