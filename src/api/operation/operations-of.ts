import type { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../http/context.ts";
import { conditional } from "../http/etag.ts";
import { documentOperation } from "./document.ts";
import type { Operation, Surface } from "./operation.ts";
import { receive } from "./receive.ts";

/** An operation with its surface; its own types are hidden, so that a router can hold many of them. */
export interface BoundOperation {
  readonly operationId: string;
  /** In upper case. */
  readonly method: string;
  readonly path: string;
  readonly role: string;
  readonly takesBody: boolean;
  /** Routes and documents the operation. */
  mount(router: OpenAPIHono<AppEnv>): void;
}

/** The pattern of a path parameter, as the router writes it; empty: any text. */
function shapeOf({ shapes }: { shapes?: Readonly<Record<string, string>> }, name: string): string {
  const shape = shapes?.[name];
  return shape === undefined ? "" : `{${shape}}`;
}

/** The function with which a surface declares its operations. */
export function operationsOf<Role extends string, Finding>(surface: Surface<Role, Finding>) {
  return function defineOperation<P = unknown, Q = unknown, S = unknown, A = never, B = S>(
    operation: Operation<Role, Finding, P, Q, S, A, B>,
  ): BoundOperation {
    const { operationId, method, path, role } = operation;
    const middleware = [...surface.admit(role), ...(operation.isConditional ? [conditional()] : [])];
    return {
      operationId,
      method: method.toUpperCase(),
      path,
      role,
      takesBody: operation.body !== undefined,
      mount: (router) => {
        documentOperation(router, surface, operation);
        const route = path.replaceAll(
          /\{(\w+)\}/g,
          (_, name: string) => `:${name}${shapeOf(operation, name)}`,
        );
        router.on([method], [route], ...middleware, async (c) => {
          const answer = await operation.handle(await receive(c, surface, operation));
          if (answer instanceof Response) return answer;
          // 101 has no body: its operation returns a response.
          return c.json(answer as object, operation.success.status as 200);
        });
      },
    };
  };
}
