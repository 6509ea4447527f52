import { z } from "zod";
import { commonName } from "./distinguished-name.ts";
import type { SessionRecord } from "../storage/session-record.ts";

/** What the edge says of a client certificate where the zone asks for one. */
const verifiedCertificate = z.object({
  certVerified: z.literal("SUCCESS"),
  certRevoked: z.literal("0").optional(),
  certSubjectDN: z.string(),
  certSubjectDNRFC2253: z.string().optional(),
});

type Holder = Pick<SessionRecord, "identity" | "bootFacts">;

/**
 * Whether a verified certificate is that of this charger (2.0.1 A00.FR.405, B01.FR.11): it names the identity or, once the
 * station told it, the serial number. Otherwise any station could pass for any other.
 */
export function isCertified({ cf }: Request, { identity, bootFacts }: Holder): boolean {
  const certificate = verifiedCertificate.safeParse(cf?.tlsClientAuth).data;
  if (!certificate) return false;
  const name = commonName(certificate.certSubjectDNRFC2253 || certificate.certSubjectDN);
  return name !== null && (name === identity || name === bootFacts?.serialNumber);
}
