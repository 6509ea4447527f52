import { z } from "@hono/zod-openapi";

/** Clients send no body, `{}`, or a Content-Type without body. */
export const RuntimeRequest = z.object({}).openapi("RuntimeRequest");

export const RuntimeResponse = z
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
