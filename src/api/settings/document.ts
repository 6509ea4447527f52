import { z } from "@hono/zod-openapi";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../http/context.ts";

const TAG = "Charger settings";
const current = (description: string) =>
  z.number().min(0).max(32).nullable().optional().openapi({ description });

const update = z
  .object({
    maxChargeCurrent: current("A. Below the minimum charge current nothing is allocated"),
    maxChargePhases: z
      .union([z.literal(1), z.literal(3)])
      .nullable()
      .optional(),
    minChargeCurrent: current("A. With less the charger cannot charge; 6 until it is set"),
    offlineChargeCurrent: z
      .union([z.literal(-1), z.number().min(0).max(32)])
      .nullable()
      .optional()
      .openapi({ description: "A, or -1 to leave it to the station" }),
    offlineChargePhase: z
      .union([z.literal(0), z.literal(1), z.literal(2), z.literal(4), z.literal(7)])
      .nullable()
      .optional()
      .openapi({ description: "0 leaves it to the station; 1, 2, 4 = one phase, 7 = all" }),
    meterValueInterval: z
      .int()
      .min(0)
      .max(2_147_483_647)
      .nullable()
      .optional()
      .openapi({ description: "Seconds; 0 ends periodic meter values" }),
  })
  .openapi("ChargerUpdate", {
    description: "Names match in any casing; null and absent change nothing",
    example: { maxChargeCurrent: 16, maxChargePhases: 3, offlineChargeCurrent: 10, meterValueInterval: 900 },
  });

const errorBody = z
  .object({ Code: z.int(), Details: z.string(), StackTrace: z.null() })
  .openapi("SettingsApiError");

const setting = z.object({
  Desired: z.number().nullable(),
  Effective: z.number().nullable(),
  Reported: z.number().nullable(),
  Outcome: z
    .enum(["pending", "applied", "reboot_required", "rejected", "unsupported", "emulated"])
    .nullable(),
  Verified: z.boolean(),
  Detail: z.string().nullable(),
  Revision: z.int().nullable(),
  UpdatedAt: z.string().nullable(),
});

const settings = z
  .object({
    ChargerId: z.uuid(),
    Revision: z.int(),
    IsOnline: z.boolean(),
    OcppVersion: z.string().nullable(),
    UpdatedAt: z.string().nullable(),
    Settings: z.object({
      MaxChargeCurrent: setting,
      MaxChargePhases: setting,
      MinChargeCurrent: setting,
      OfflineChargeCurrent: setting,
      OfflineChargePhase: setting,
      MeterValueInterval: setting,
    }),
  })
  .openapi("ChargerSettings");

const state = z.array(
  z.object({
    ChargerId: z.uuid(),
    StateId: z.int(),
    StateName: z.string(),
    Timestamp: z.string(),
    ValueAsString: z.string(),
  }),
);

const model = z
  .looseObject({
    Id: z.uuid(),
    DeviceId: z.string(),
    Name: z.string(),
    OperatingMode: z.int(),
    IsOnline: z.boolean(),
  })
  .openapi("SettingsCharger");

const REFUSALS: Record<number, string> = {
  400: "The request is invalid, or the fuse of the location would be exceeded",
  401: "No valid credential",
  403: "Neither owner nor service",
  404: "Unknown in this organisation",
  429: "Over the rate limit",
  500: "Internal server error",
  503: "A dependency is down; nothing was stored",
};

/** Only where there is a body. */
const BODY_REFUSALS: Record<number, string> = {
  413: "The body is longer than 1 MiB",
  415: "The body is not JSON by its type",
};

const json = (schema: z.ZodType) => ({ "application/json": { schema } });

/** Writes the surface into the OpenAPI document. */
export function documentSettings(app: OpenAPIHono<AppEnv>): void {
  const refusalsOf = (described: Record<number, string>) =>
    Object.fromEntries(
      Object.entries(described).map(([status, description]) => [
        status,
        { description, content: json(errorBody) },
      ]),
    );
  const refusals = refusalsOf(REFUSALS);
  const shared = {
    tags: [TAG],
    security: [{ HTTPBearer: [] }],
    request: { params: z.object({ id: z.uuid() }) },
  };
  const answer = (schema: z.ZodType, description: string) => ({
    200: { description, content: json(schema) },
    ...refusals,
  });
  const read = (path: string, operationId: string, summary: string, schema: z.ZodType) =>
    app.openAPIRegistry.registerPath({
      ...shared,
      method: "get",
      path: `/api/chargers/{id}${path}`,
      operationId,
      summary,
      responses: answer(schema, summary),
    });
  app.openAPIRegistry.registerPath({
    ...shared,
    method: "post",
    path: "/api/chargers/{id}/update",
    operationId: "updateChargerSettings",
    summary: "Store what a charger shall do; its station hears of it now or when it is back",
    request: { ...shared.request, body: { content: json(update) } },
    responses: {
      200: { description: "Stored, no body" },
      ...refusals,
      ...refusalsOf(BODY_REFUSALS),
    },
  });
  read("", "getSettingsCharger", "Show a charger in the model of this surface", model);
  read("/state", "getSettingsState", "List what is known of a charger by state id", state);
  read("/settings", "getChargerSettings", "Show desired settings and what became of each", settings);
}
