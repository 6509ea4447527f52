/** A WebSocket subprotocol of OCPP-J. The version is a property of the connection, not of the charger. */
export type OcppVersion = "ocpp1.6" | "ocpp2.0.1" | "ocpp2.1";

export const OCPP_VERSIONS: readonly OcppVersion[] = ["ocpp2.1", "ocpp2.0.1", "ocpp1.6"];

const WITHOUT_AUTHENTICATION: readonly OcppVersion[] = ["ocpp1.6"];

/** Versions that a charger with this security profile may use: 2.x has no profile 0. */
export function versionsOf(securityProfile: number): readonly OcppVersion[] {
  return securityProfile === 0 ? WITHOUT_AUTHENTICATION : OCPP_VERSIONS;
}

/**
 * First allowed entry of the station's `Sec-WebSocket-Protocol` list, which is in its order of preference (OCPP 2.0.1
 * part 4 §3.1.2); null: none.
 */
export function negotiate(offered: string | null, allowed: readonly OcppVersion[]): OcppVersion | null {
  for (const entry of (offered ?? "").split(",")) {
    const version = allowed.find((candidate) => candidate === entry.trim());
    if (version) return version;
  }
  return null;
}
