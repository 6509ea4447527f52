import type { OcppVersion } from "../../../ocpp/version.ts";
import type { SessionFact, SimulatedStation } from "../../../ports.ts";
import { nameplate } from "../../../simulator/station/nameplate.ts";
import type { StationProfile } from "../../../simulator/station/state.ts";
import type { StationRow } from "./station-row.ts";

/** Fixed properties of a simulated station. The serial number comes from the charger's id, so it is stable and unique. */
export function stationProfile(station: SimulatedStation): StationProfile {
  return {
    identity: station.identity,
    version: station.version,
    vendor: station.vendor,
    model: station.model,
    serialNumber: station.chargerId.replaceAll("-", "").slice(-20),
    firmwareVersion: "1.0.0",
    connectors: station.connectors,
    maxPowerW: station.maxPowerW,
    securityProfile: station.securityProfile,
  };
}

type Address = { evseId: number; connectorId: number };

/**
 * First facts of a station: connection, boot and connectors. The host knows them before they happen, and writes those of many
 * stations together.
 */
export function firstFacts({ station, memory }: StationRow): SessionFact[] {
  const profile = stationProfile(station);
  const { vendor, model, serialNumber, firmwareVersion } = nameplate(station.version, {
    ...profile,
    firmwareVersion: memory.firmwareVersion ?? profile.firmwareVersion,
  });
  return [
    { type: "connection", online: true, ocppVersion: station.version },
    { type: "boot", vendor, model, serialNumber, firmwareVersion, registrationStatus: "Accepted" },
    ...connectorsOf(station.version, station.connectors).map(
      ({ evseId, connectorId }) =>
        ({ type: "connector", evseId, connectorId, status: "Available", errorCode: "NoError" }) as const,
    ),
  ];
}

/** 1.6 also reports its main controller, as connector 0. */
function connectorsOf(version: OcppVersion, connectors: number): Address[] {
  const numbered = Array.from({ length: connectors }, (_, at) => ({ evseId: at + 1, connectorId: 1 }));
  return version === "ocpp1.6" ? [{ evseId: 0, connectorId: 0 }, ...numbered] : numbered;
}
