import { createRoute } from "@hono/zod-openapi";
import { Conflict, NotFound } from "../../errors.ts";
import { setRuntime } from "../../fleet/change-chargers.ts";
import type { RuntimeEvent } from "../../ports.ts";
import { isResourceId } from "../http/resource-id.ts";
import { operator } from "./access.ts";
import { changeOf } from "./change-of.ts";
import { operation, type Operation } from "./operation.ts";
import { ChargerParams } from "./schemas/charger.ts";
import { bodyFailures, conflict, notFound } from "./schemas/error.ts";
import { RuntimeRequest, RuntimeResponse } from "./schemas/runtime.ts";

const REFUSALS = {
  notProvisioned: "Charger is not provisioned",
  external: "Charger runtime is external",
} as const;

function routeOf(event: RuntimeEvent, description: string) {
  const title = event.charAt(0).toUpperCase() + event.slice(1);
  return createRoute({
    operationId: `${event}ChargerRuntime`,
    method: "post",
    path: `/ocpp/chargers/{charger_id}/${event}-charger`,
    tags: ["chargers"],
    summary: `${title} charger runtime`,
    description,
    security: [{ HTTPBearer: [] }],
    middleware: operator,
    request: {
      params: ChargerParams,
      body: { required: false, content: { "application/json": { schema: RuntimeRequest } } },
    },
    responses: {
      202: {
        description: `${title} charger runtime request accepted for processing`,
        content: { "application/json": { schema: RuntimeResponse } },
      },
      ...notFound,
      ...conflict,
      ...bodyFailures,
    },
  });
}

/** One of three twins: stores what a simulated charger shall do; its runtime follows behind the answer. */
export function runtimeOperation(event: RuntimeEvent, description: string): Operation {
  return operation(routeOf(event, description), { emptyBody: "object" }, async (c) => {
    const id = c.req.valid("param").charger_id;
    const result = isResourceId(id) ? await setRuntime(c.get("ports"), changeOf(c), id, event) : null;
    if (!result) throw new NotFound("Charger", id);
    if (result.state !== "done") throw new Conflict(REFUSALS[result.state]);
    const payload = {
      provider: "cloudflare",
      runtime_kind: "durable_object",
      service_name: id,
      desired_count: event === "stop" ? 0 : 1,
      status: "ACTIVE",
    };
    const version = result.ocppVersion ?? "OCPP1.6";
    return c.json({ id, event_type: `${event}_charger` as const, ocpp_version: version, payload }, 202);
  });
}
