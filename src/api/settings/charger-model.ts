import { z } from "@hono/zod-openapi";
import { connectionUrl } from "../../fleet/address/connection-url.ts";
import type { Role, SettingsView } from "../../ports.ts";
import { operatingMode } from "./operating-mode.ts";
import { ROLE_BITS } from "./settings-token.ts";
import { settingsViewOf } from "./settings-view.ts";
import { chargerParams, defineOperation, TAG } from "./surface.ts";

/** AuthenticationType of the original service: stations are authorized over OCPP. */
const OCPP_AUTHENTICATION = 2;
const DEVICE_TYPES: Record<string, { id: number; name: string }> = {
  pro: { id: 1, name: "Pro" },
  go: { id: 4, name: "Go" },
};
const UNKNOWN_DEVICE = { id: 0, name: "Unknown" };

/** Fields of the original model without a value here. They are null, so that clients find every field. */
const UNKNOWN = {
  CircuitId: null,
  Pin: null,
  TemplateId: null,
  PropertyPinOfflinePhase: null,
  PropertyAuthenticationDisabled: null,
  HasSessions: null,
  PropertyOcppPassword: null,
  PropertyOcppDefaultIdTag: null,
  PropertyOcppWebSocketPingInterval: null,
  PropertyOcppAvailability: null,
  PropertyOcppOfflineListVersion: null,
  PropertyOcppVerboseLogUntil: null,
  PropertyPrioritizedCurrent: null,
  PropertyPrioritizedPhases: null,
  PropertyMaxSinglePhaseChargeCurrent: null,
  SignedMeterValueKwh: null,
  SignedMeterValue: null,
  Warnings: null,
};

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

export const getSettingsCharger = defineOperation({
  method: "get",
  path: "/api/chargers/{id}",
  operationId: "getSettingsCharger",
  summary: "Show a charger in the model of this surface",
  tag: TAG,
  role: "owner",
  params: chargerParams,
  success: { status: 200, description: "Show a charger in the model of this surface", schema: model },
  handle: async ({ c, organization, path }) => {
    const baseUrl = c.get("config").PUBLIC_BASE_URL;
    // `authenticateSettings` admits nobody without a role.
    const role = c.get("principal").role ?? "viewer";
    const reader = { baseUrl, organizationSlug: organization.slug, role };
    return chargerModel(await settingsViewOf(c, path.id), reader);
  },
});

interface Reader {
  baseUrl: string;
  organizationSlug: string;
  role: Role;
}

function chargerModel(view: SettingsView, { baseUrl, organizationSlug, role }: Reader) {
  const { connection, location, identity } = view;
  const desired = view.settings?.desired ?? {};
  return {
    Id: view.chargerId,
    DeviceId: connection?.serialNumber ?? identity,
    Name: view.name ?? identity,
    CreatedOnDate: view.createdAt.toISOString(),
    Active: true,
    CurrentUserRoles: ROLE_BITS[role],
    ...UNKNOWN,
    PropertyOfflinePhaseOverride: desired.offlineChargePhase ?? 0,
    PropertyOfflineCurrentOverride: desired.offlineChargeCurrent ?? -1,
    PropertyOcppUrl: connectionUrl(baseUrl, organizationSlug, identity),
    DeviceType: deviceType(view).id,
    InstallationId: location?.id ?? null,
    InstallationName: location?.name ?? null,
    AuthenticationType: OCPP_AUTHENTICATION,
    IsAuthorizationRequired: true,
    OperatingMode: operatingMode(view.connectors),
    IsOnline: connection?.online ?? false,
  };
}

/** Value of the state Capabilities: a JSON object as text. */
export function capabilities(view: SettingsView): string {
  return JSON.stringify({ DeviceType: deviceType(view).name, ProductVariant: view.model ?? "Unknown" });
}

function deviceType({ vendor, model }: SettingsView): { id: number; name: string } {
  const word = /zaptec/i.test(vendor ?? "") ? /\b(pro|go)\b/i.exec(model ?? "")?.[1] : undefined;
  return DEVICE_TYPES[word?.toLowerCase() ?? ""] ?? UNKNOWN_DEVICE;
}
