import type { Context } from "hono";
import { Misconfigured } from "../../env.ts";
import { Unavailable } from "../../errors.ts";
import { isReservedSlug } from "../../fleet/slugs.ts";
import { gatewayError, gatewayMethodNotAllowed, gatewayNotFound } from "../gateway/errors.ts";
import { settingsError, settingsMethodNotAllowed, settingsNotFound } from "../settings/errors.ts";
import { v1Error, v1MethodNotAllowed, v1NotFound } from "../v1/errors.ts";
import type { AppEnv } from "./context.ts";

/** The error answers of one surface. */
interface SurfaceErrors {
  error: (err: Error, c: Context<AppEnv>) => Response;
  notFound: (c: Context<AppEnv>) => Response;
  methodNotAllowed: (c: Context<AppEnv>, methods: string[]) => Response;
}

const GATEWAY: SurfaceErrors = {
  error: gatewayError,
  notFound: gatewayNotFound,
  methodNotAllowed: gatewayMethodNotAllowed,
};
const V1: SurfaceErrors = { error: v1Error, notFound: v1NotFound, methodNotAllowed: v1MethodNotAllowed };
const SETTINGS: SurfaceErrors = {
  error: settingsError,
  notFound: settingsNotFound,
  methodNotAllowed: settingsMethodNotAllowed,
};

/** The error format for a path. Paths that belong to no surface get that of the gateway. */
export function surfaceErrors(path: string): SurfaceErrors {
  if (path === "/api/v1" || path.startsWith("/api/v1/")) return V1;
  if (path === "/api" || path.startsWith("/api/")) return SETTINGS;
  return GATEWAY;
}

/** Error handler of the application, for errors outside of the surfaces' routers. */
export function appError(err: Error, c: Context<AppEnv>): Response {
  const known = err instanceof Misconfigured ? new Unavailable("Misconfigured", { cause: err }) : err;
  return surfaceErrors(c.req.path).error(known, c);
}

/** 404 in the format of the path's surface. On the path of a charge point 426: it needs an upgrade (RFC 9110 §15.5.22). */
export function notFound(c: Context<AppEnv>): Response {
  if (isChargePointPath(c.req.path))
    return c.json({ detail: "Upgrade Required" }, 426, { Upgrade: "websocket", Connection: "Upgrade" });
  return surfaceErrors(c.req.path).notFound(c);
}

function isChargePointPath(path: string): boolean {
  const match = /^\/ocpp\/([^/]+)\/[^/]+\/?$/.exec(path);
  return match?.[1] !== undefined && !isReservedSlug(match[1]);
}
