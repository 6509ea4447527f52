import type { OcppVersion } from "../../ocpp/version.ts";

/** What a station reports of itself in BootNotification. */
export interface Nameplate {
  readonly vendor: string;
  readonly model: string;
  readonly serialNumber: string;
  readonly firmwareVersion: string;
}

/** Cuts texts to the lengths of BootNotification in this version (1.6 §6.5, 2.x §1.6.1). */
export function nameplate(version: OcppVersion, about: Nameplate): Nameplate {
  return {
    vendor: about.vendor.slice(0, version === "ocpp1.6" ? 20 : 50),
    model: about.model.slice(0, 20),
    serialNumber: about.serialNumber.slice(0, 25),
    firmwareVersion: about.firmwareVersion.slice(0, 50),
  };
}
