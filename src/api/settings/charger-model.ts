import { connectionUrl } from "../../fleet/connection-url.ts";
import type { SettingsView } from "../../ports.ts";
import { operatingMode } from "./operating-mode.ts";

/** AuthenticationType of the original service: stations are authorized over OCPP. */
const OCPP_AUTHENTICATION = 2;
const DEVICE_TYPES: Record<string, number> = { pro: 1, go: 4 };

/** What the model has and we do not know is null, so that clients find every field they read. */
const UNKNOWN = {
  CircuitId: null,
  CurrentUserRoles: null,
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

export function chargerModel(view: SettingsView, baseUrl: string, organizationSlug: string) {
  const { connection, location, identity } = view;
  const desired = view.settings?.desired ?? {};
  return {
    Id: view.chargerId,
    DeviceId: connection?.serialNumber ?? identity,
    Name: view.name ?? identity,
    CreatedOnDate: view.createdAt.toISOString(),
    Active: true,
    ...UNKNOWN,
    PropertyOfflinePhaseOverride: desired.offlineChargePhase ?? 0,
    PropertyOfflineCurrentOverride: desired.offlineChargeCurrent ?? -1,
    PropertyOcppUrl: connectionUrl(baseUrl, organizationSlug, identity),
    DeviceType: deviceType(view),
    InstallationId: location?.id ?? null,
    InstallationName: location?.name ?? null,
    AuthenticationType: OCPP_AUTHENTICATION,
    IsAuthorizationRequired: true,
    OperatingMode: operatingMode(view.connectors),
    IsOnline: connection?.online ?? false,
  };
}

function deviceType({ vendor, model }: SettingsView): number {
  if (!/zaptec/i.test(vendor ?? "")) return 0;
  const word = /\b(pro|go)\b/i.exec(model ?? "")?.[1]?.toLowerCase();
  return DEVICE_TYPES[word ?? ""] ?? 0;
}
