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
    CurrentUserRoles: z
      .int()
      .openapi({ description: "Of the caller, as bits: 1 user, 2 owner, 4 service, 8 administrator" }),
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

const tokenRequest = z
  .object({
    grant_type: z.literal("password"),
    username: z.string().openapi({ description: "Id or prefix of an API key" }),
    password: z.string().openapi({ description: "The whole API key" }),
    scope: z.string().optional(),
  })
  .openapi("TokenRequest");

const tokenAnswer = z
  .object({
    access_token: z.string(),
    token_type: z.literal("Bearer"),
    expires_in: z.int().openapi({ description: "Seconds" }),
    scope: z.string(),
  })
  .openapi("TokenAnswer");

const tokenError = z
  .object({
    error: z.enum(["invalid_request", "unsupported_grant_type", "invalid_grant"]),
    error_description: z.string(),
  })
  .openapi("TokenError");

const discovery = z.object({
  issuer: z.string(),
  token_endpoint: z.string(),
  grant_types_supported: z.array(z.string()),
});

const SECURITY: Array<Record<string, string[]>> = [{ HTTPBearer: [] }, { OAuth2: [] }];

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
    security: SECURITY,
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

/** What a client calls before it has a token. */
export function documentTokens(app: OpenAPIHono<AppEnv>): void {
  const refusal = (description: string) => ({ description, content: json(tokenError) });
  app.openAPIRegistry.registerComponent("securitySchemes", "OAuth2", {
    type: "oauth2",
    description: "A token of this surface, for the id and the secret of an API key",
    flows: { password: { tokenUrl: "/oauth/token", scopes: {} } },
  });
  app.openAPIRegistry.registerPath({
    method: "post",
    path: "/oauth/token",
    operationId: "issueToken",
    summary: "Exchange an API key for a token of one hour",
    tags: [TAG],
    security: [],
    request: {
      body: { required: true, content: { "application/x-www-form-urlencoded": { schema: tokenRequest } } },
    },
    responses: {
      200: { description: "The token", content: json(tokenAnswer) },
      400: refusal("The request is no password grant, or its credentials are wrong"),
      408: refusal("The body did not arrive in time"),
      413: refusal("The body is longer than 8 KiB"),
      429: refusal("Too many failed attempts"),
      503: { description: "A dependency is down", content: json(errorBody) },
    },
  });
  app.openAPIRegistry.registerPath({
    method: "get",
    path: "/.well-known/openid-configuration",
    operationId: "discoverTokens",
    summary: "Say where tokens are issued",
    tags: [TAG],
    security: [],
    responses: { 200: { description: "The configuration", content: json(discovery) } },
  });
}
