import type { OpenAPIHono, RouteConfig, RouteHandler } from "@hono/zod-openapi";
import type { Context, Handler } from "hono";
import type { z } from "zod";
import type { AppEnv } from "../http/context.ts";
import { type BodyRules, type Received, receive } from "./receive.ts";

type BodyOf<R extends RouteConfig> = R extends {
  request: { body: { content: { "application/json": { schema: infer S } } } };
}
  ? S extends z.ZodType
    ? z.output<S>
    : undefined
  : undefined;

type RouteContext<R extends RouteConfig> = Parameters<RouteHandler<R, AppEnv>>[0];

/** A documented route with its handler, ready to be mounted. */
export interface Operation {
  route: RouteConfig;
  handler: Handler<AppEnv>;
}

type HandlerFor<R extends RouteConfig, B> = (
  c: RouteContext<R>,
  received: Received<B>,
) => ReturnType<RouteHandler<R, AppEnv>>;

/**
 * Binds a route to its handler. The request is validated as a whole, after the route's own middleware: all findings
 * of path, query, header and body are answered together. The handler gets the body as its second argument and finds
 * everything else under `c.req.valid`.
 */
export function operation<R extends RouteConfig>(route: R, handler: HandlerFor<R, BodyOf<R>>): Operation;
export function operation<R extends RouteConfig, B = BodyOf<R>>(
  route: R,
  rules: BodyRules<B>,
  handler: HandlerFor<R, B>,
): Operation;
export function operation<R extends RouteConfig, B>(
  route: R,
  first: BodyRules<B> | HandlerFor<R, B>,
  second?: HandlerFor<R, B>,
): Operation {
  const rules = typeof first === "function" ? {} : first;
  const handler = typeof first === "function" ? first : second;
  if (handler === undefined) throw new TypeError("an operation needs a handler");
  return { route, handler: async (c) => handler(contextOf<R>(c), await receive(c, route, rules)) };
}

/** `receive` has stored the validated values under the targets that the route declares. */
function contextOf<R extends RouteConfig>(c: Context<AppEnv>): RouteContext<R> {
  return c as unknown as RouteContext<R>;
}

/** Documents the operations and serves them, without the validators of zod-openapi, which stop at the first target. */
export function mountOperations(router: OpenAPIHono<AppEnv>, operations: readonly Operation[]): void {
  for (const { route, handler } of operations) {
    const { middleware = [], ...documented } = route;
    router.openAPIRegistry.registerPath(documented);
    const path = route.path.replaceAll(/\/{(.+?)}/g, "/:$1");
    router.on([route.method], [path], ...[middleware].flat(), handler);
  }
}
