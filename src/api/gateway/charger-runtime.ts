import { z } from "@hono/zod-openapi";
import { Conflict, NotFound } from "../../errors.ts";
import { setRuntime } from "../../fleet/change/change-chargers.ts";
import type { RuntimeEvent } from "../../ports.ts";
import { changeOf } from "../http/context.ts";
import { isResourceId } from "../http/resource-id.ts";
import type { BoundOperation } from "../operation/operations-of.ts";
import { ChargerParams } from "./schemas/charger.ts";
import { defineOperation } from "./surface.ts";

/** Clients send no body, `{}`, or a Content-Type without body. */
const RuntimeRequest = z.object({}).openapi("RuntimeRequest");

const RuntimeResponse = z
  .object({
    id: z.string(),
    event_type: z.enum(["start_charger", "stop_charger", "restart_charger"]),
    ocpp_version: z.string(),
    payload: z.record(z.string(), z.unknown()),
  })
  .openapi("RuntimeResponse", {
    example: {
      id: "0199f3c2-7b1e-7d4a-8c55-2f6f0c7a9e10",
      event_type: "stop_charger",
      ocpp_version: "OCPP1.6",
      payload: {
        provider: "cloudflare",
        runtime_kind: "durable_object",
        service_name: "0199f3c2-7b1e-7d4a-8c55-2f6f0c7a9e10",
        desired_count: 0,
        status: "ACTIVE",
      },
    },
  });

const REFUSALS = {
  notProvisioned: "Charger is not provisioned",
  external: "Charger runtime is external",
} as const;

/** Stores the desired runtime of a simulated charger; it is applied after the answer. */
function runtimeOperation(event: RuntimeEvent, description: string): BoundOperation {
  const title = event.charAt(0).toUpperCase() + event.slice(1);
  return defineOperation({
    operationId: `${event}ChargerRuntime`,
    method: "post",
    path: `/ocpp/chargers/{charger_id}/${event}-charger`,
    tag: "chargers",
    summary: `${title} charger runtime`,
    description,
    role: "operator",
    params: ChargerParams,
    body: { schema: RuntimeRequest, required: false },
    success: {
      status: 202,
      description: `${title} charger runtime request accepted for processing`,
      schema: RuntimeResponse,
    },
    refusals: [404, 409],
    handle: async ({ c, ports, path: { charger_id: id } }) => {
      const result = isResourceId(id) ? await setRuntime(ports, changeOf(c), id, event) : null;
      if (!result) throw new NotFound("Charger", id);
      if (result.state !== "done") throw new Conflict(REFUSALS[result.state]);
      const payload = {
        provider: "cloudflare",
        runtime_kind: "durable_object",
        service_name: id,
        desired_count: event === "stop" ? 0 : 1,
        status: "ACTIVE",
      };
      const ocppVersion = result.ocppVersion ?? "OCPP1.6";
      return { id, event_type: `${event}_charger` as const, ocpp_version: ocppVersion, payload };
    },
  });
}

export const startChargerRuntime = runtimeOperation(
  "start",
  "Connects and boots the simulated charger; without effect while it is running.",
);

export const stopChargerRuntime = runtimeOperation(
  "stop",
  "Like a power cut, until the next start. Stored: it outlives restarts of the service.",
);

export const restartChargerRuntime = runtimeOperation("restart", "Stop, then start: one BootNotification.");
