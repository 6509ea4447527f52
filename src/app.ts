import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import { gatewayRouter } from "./api/gateway/router.ts";
import { NO_STORE, REVALIDATED, surfaceHeaders } from "./api/http/answer-headers.ts";
import type { AppEnv } from "./api/http/context.ts";
import { envelope } from "./api/http/envelope.ts";
import { healthOperations } from "./api/http/health.ts";
import { appError, notFound, surfaceErrors } from "./api/http/surface.ts";
import { RouteLookup } from "./api/http/route-lookup.ts";
import { settingsRouter } from "./api/settings/router.ts";
import { v1Router } from "./api/v1/router.ts";
import { describeApi } from "./api/openapi.ts";
import { serveReferencePage } from "./api/reference-page.ts";
import type { Config, RawEnv } from "./env.ts";
import type { Background, Ports } from "./ports.ts";

export interface Services {
  ports: Ports;
  config: Config;
}

export interface AppOptions {
  /** Returns the services of this isolate; called for every request. @throws Misconfigured */
  services: (raw: RawEnv, background: Background) => Services;
  /** Writes the log line of a request. Default: console.log. */
  writeLog?: (line: string) => void;
}

/**
 * The HTTP application: the envelope of a request, then the surfaces; where no route fits, the check of the method. Upgrades
 * and workflow steps never get here.
 */
export function createApp(options: AppOptions): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>({ strict: false, router: new RouteLookup() });
  const servicesOf = (c: Context<AppEnv>) => options.services(c.env, backgroundOf(c));
  app.onError(appError);
  app.notFound(notFoundOr405(app));
  app.use(envelope(options.writeLog ?? console.log));
  for (const operation of healthOperations(servicesOf)) operation.mount(app);
  app.use("/ocpp/*", surfaceHeaders({ cacheControl: REVALIDATED, hasQuota: true }), wired(servicesOf));
  app.use("/api/*", surfaceHeaders({ cacheControl: NO_STORE, hasQuota: true }), wired(servicesOf));
  app.use("/oauth/*", surfaceHeaders({ cacheControl: NO_STORE, hasQuota: false }), wired(servicesOf));
  app.use("/.well-known/*", wired(servicesOf));
  app.route("/", gatewayRouter());
  app.route("/api/v1", v1Router());
  app.route("/", settingsRouter());
  describeApi(app);
  serveReferencePage(app);
  return app;
}

/**
 * Answers a request that no route took: 405 where its path has other methods, else 404. hono's check is no layer around every
 * request here, because a layer costs each of them two promises.
 */
function notFoundOr405(app: OpenAPIHono<AppEnv>): (c: Context<AppEnv>) => Promise<Response> {
  const checkMethod = methodNotAllowed({
    app,
    onMethodNotAllowed: (c, methods) => surfaceErrors(c.req.path).methodNotAllowed(c, methods),
  });
  return async (c) => {
    await checkMethod(c, async () => {
      c.res = notFound(c);
    });
    return c.res;
  };
}

function wired(servicesOf: (c: Context<AppEnv>) => Services): MiddlewareHandler<AppEnv> {
  return function wired(c, next) {
    const { ports, config } = servicesOf(c);
    c.set("ports", ports);
    c.set("config", config);
    c.set("background", backgroundOf(c));
    return next();
  };
}

/** In plain Node there is no execution context: the work runs on by itself. */
function backgroundOf(c: Context<AppEnv>): Background {
  return (work) => {
    const settled = work.catch(() => undefined);
    try {
      c.executionCtx.waitUntil(settled);
    } catch {
      // No execution context: the work runs on without `waitUntil`.
    }
  };
}
