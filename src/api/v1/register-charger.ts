import { z } from "@hono/zod-openapi";
import { connectionBaseUrl, connectionUrl } from "../../fleet/address/connection-url.ts";
import { registerCharger as register } from "../../fleet/create/register-charger.ts";
import { versionsOf } from "../../ocpp/version.ts";
import type { Organization, Ports, RegisterCharger, SecurityProfile } from "../../ports.ts";
import { recordJson, sendRecorded } from "../http/accepted.ts";
import { chargeBoxId, text, timestamp } from "./fields.ts";
import { InvalidRequest } from "../operation/receive.ts";
import type { Issue } from "./issues.ts";
import { defineOperation } from "./surface.ts";

const PROFILES: readonly SecurityProfile[] = [0, 1, 2, 3];

const securityProfile = z
  .int()
  .min(0)
  .max(3)
  .transform((profile) => PROFILES.find((known) => known === profile) ?? 2)
  .default(2)
  .openapi({
    type: "integer",
    enum: [0, 1, 2, 3],
    // Client generators make a property with a default required.
    default: undefined,
    description: "0 none; 1 Basic over ws; 2 Basic over wss; 3 client certificate. Absent: 2",
  });

const bodySchema = z.strictObject({
  chargeBoxId,
  name: text(1, 255).optional(),
  location: text(0, 255).optional(),
  securityProfile,
});

const answerSchema = z
  .object({
    id: z.uuid(),
    chargeBoxId,
    name: z.string().nullable(),
    location: z.string().nullable(),
    status: z.literal("offline"),
    isOnline: z.literal(false),
    registeredAt: timestamp,
    connectionUrl: z.string(),
    securityProfile: z.int(),
    authorizationKey: z
      .string()
      .optional()
      .openapi({ description: "Shown once; absent for profiles 0 and 3 and in a replayed answer" }),
    instructions: z.object({
      message: z.string(),
      url: z.string(),
      baseUrl: z.string(),
      username: z.string(),
      protocol: z.string(),
      protocols: z.array(z.string()),
    }),
  })
  .openapi("CommandApiRegistration");

export const registerCharger = defineOperation({
  method: "post",
  path: "/chargers",
  operationId: "registerCharger",
  summary: "Register a charge point, which may then connect",
  tag: "Charger registration",
  role: "owner",
  body: { schema: bodySchema },
  success: { status: 201, description: "Registered; the key is shown once", schema: answerSchema },
  isIdempotent: true,
  refusals: [409, 422],
  handle: async ({ c, ports, organization, body, claim }) => {
    if (body.securityProfile === 3 && !c.get("config").OCPP_CLIENT_CERTIFICATES)
      throw invalidProfile("securityProfile 3 needs client certificates, which are not available here");
    if (body.securityProfile === 0 && !(await allowsUnauthenticated(ports, organization)))
      throw invalidProfile(
        "securityProfile 0 needs allowUnauthenticatedChargers, which the organization has switched off",
      );
    const request = {
      identity: body.chargeBoxId,
      name: body.name ?? null,
      location: body.location ?? null,
      securityProfile: body.securityProfile,
    };
    const render = (charger: RegisterCharger, authorizationKey: string | null) =>
      recordJson(201, answerOf(c.get("config").PUBLIC_BASE_URL, organization, charger, authorizationKey), {
        Location: `/api/v1/chargers/${encodeURIComponent(charger.identity)}`,
      });
    const result = await register(ports, organization, request, claim, (charger) => render(charger, null));
    if (result.kind === "replayed") return sendRecorded(result.response, true);
    return sendRecorded(render(result.value, result.value.authorizationKey), false);
  },
});

/** Read again: the organisation of a cached key may be seconds old. */
async function allowsUnauthenticated(
  { organizations }: Pick<Ports, "organizations">,
  { id }: Organization,
): Promise<boolean> {
  return (await organizations.get(id))?.allowUnauthenticatedChargers ?? false;
}

function invalidProfile(message: string): InvalidRequest<Issue> {
  return new InvalidRequest([{ location: "body", path: ["securityProfile"], code: "custom", message }]);
}

function answerOf(
  publicBaseUrl: string,
  organization: Organization,
  charger: RegisterCharger,
  authorizationKey: string | null,
): z.infer<typeof answerSchema> {
  const url = connectionUrl(publicBaseUrl, organization.slug, charger.identity);
  return {
    id: charger.id,
    chargeBoxId: charger.identity,
    name: charger.name,
    location: charger.location,
    status: "offline",
    isOnline: false,
    registeredAt: charger.now.toISOString(),
    connectionUrl: url,
    securityProfile: charger.securityProfile,
    ...(authorizationKey === null ? {} : { authorizationKey }),
    instructions: {
      message: "Configure your charger to connect to the WebSocket URL below",
      url,
      baseUrl: connectionBaseUrl(publicBaseUrl, organization.slug),
      username: charger.identity,
      protocol: "ocpp1.6",
      protocols: [...versionsOf(charger.securityProfile)],
    },
  };
}
