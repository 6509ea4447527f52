import type { OcppVersion } from "../../../ocpp/version.ts";
import type { SessionFact, SimulatedStation } from "../../../ports.ts";
import { nameplate } from "../../../simulator/station/nameplate.ts";
import type { StationProfile } from "../../../simulator/station/state.ts";
import type { StationRow } from "./station-row.ts";

/** The serial number is drawn from the charger's id: stable, and different for two chargers. */
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
 * What a session has to tell of a station that connects, boots and reports its connectors for the first time. The host
 * knows it beforehand, and tells it for many stations at once.
 */
export function firstFacts({ station, memory }: StationRow): SessionFact[] {
  const profile = stationProfile(station);
  const { vendor, model, serialNumber, firmwareVersion } = nameplate(station.version, {
    ...profile,
    firmwareVersion: memory.firmwareVersion ?? profile.firmwareVersion,
  });
  return [
    { type: "connection", online: true, ocppVersion: station.version },
    { type: "boot", vendor, model, serialNumber, firmwareVersion },
    ...connectorsOf(station.version, station.connectors).map(
      ({ evseId, connectorId }) =>
        ({ type: "connector", evseId, connectorId, status: "Available", errorCode: "NoError" }) as const,
    ),
  ];
}

/** 1.6 reports its main controller too, as connector 0. */
function connectorsOf(version: OcppVersion, connectors: number): Address[] {
  const numbered = Array.from({ length: connectors }, (_, at) => ({ evseId: at + 1, connectorId: 1 }));
  return version === "ocpp1.6" ? [{ evseId: 0, connectorId: 0 }, ...numbered] : numbered;
}
