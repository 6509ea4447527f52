/** A WebSocket subprotocol of OCPP-J; the version belongs to the connection, never to the charger. */
export type OcppVersion = "ocpp1.6" | "ocpp2.0.1" | "ocpp2.1";

export const OCPP_VERSIONS: readonly OcppVersion[] = ["ocpp2.1", "ocpp2.0.1", "ocpp1.6"];

const WITHOUT_AUTHENTICATION: readonly OcppVersion[] = ["ocpp1.6"];

/** What a charger of this security profile may speak: 2.x knows no profile 0. */
export function versionsOf(securityProfile: number): readonly OcppVersion[] {
  return securityProfile === 0 ? WITHOUT_AUTHENTICATION : OCPP_VERSIONS;
}

/**
 * Picks the first entry of the station's `Sec-WebSocket-Protocol` list that is allowed, else null.
 * The station's order is its order of preference (OCPP 2.0.1 part 4, 3.1.2).
 */
export function negotiate(offered: string | null, allowed: readonly OcppVersion[]): OcppVersion | null {
  for (const entry of (offered ?? "").split(",")) {
    const version = allowed.find((candidate) => candidate === entry.trim());
    if (version) return version;
  }
  return null;
}
