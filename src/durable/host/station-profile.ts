import type { SimulatedStation } from "../../ports.ts";
import type { StationProfile } from "../../simulator/station/state.ts";

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
