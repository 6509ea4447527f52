import type { OcppVersion } from "../../ocpp/version.ts";
import type { ProvisioningWork, RecordVersion, SimulatedStation } from "../../ports.ts";

const WIRE_VERSION: Record<RecordVersion, OcppVersion> = {
  "OCPP1.6": "ocpp1.6",
  "OCPP2.0.1": "ocpp2.0.1",
  "OCPP2.1": "ocpp2.1",
};

/** Configuration of the simulated station of a charger's row. Missing values get defaults. */
export function stationOf(work: ProvisioningWork): SimulatedStation {
  return {
    chargerId: work.chargerId,
    organizationId: work.organizationId,
    organizationSlug: work.organizationSlug,
    identity: work.identity,
    createdAtMs: work.createdAt.getTime(),
    version: WIRE_VERSION[work.ocppVersion ?? "OCPP1.6"],
    connectors: work.numberOfConnectors ?? 1,
    vendor: work.vendorName ?? "Busbar",
    model: work.model ?? "Simulator",
    maxPowerW: work.maxChargingPower ?? 22_000,
    wsUrl: work.wsUrl,
    securityProfile: work.securityProfile,
    tagPolicy: work.tagPolicy,
  };
}

/** Address of the charger's session. */
export function sessionRefOf(work: Pick<ProvisioningWork, "organizationSlug" | "identity" | "chargerId">) {
  return { organizationSlug: work.organizationSlug, identity: work.identity, chargerId: work.chargerId };
}

/** Name of the host object of the station. It is stored in the charger's row and never changes. */
export function hostOf(work: Pick<ProvisioningWork, "simulatorHost" | "chargerId">): string {
  return work.simulatorHost ?? `${work.chargerId}/0`;
}
