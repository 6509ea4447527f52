import { z } from "zod";
import { commonName } from "./distinguished-name.ts";
import type { SessionRecord } from "../storage/session-record.ts";

/** Fields of `request.cf.tlsClientAuth` for a verified client certificate. */
const verifiedCertificate = z.object({
  certVerified: z.literal("SUCCESS"),
  certRevoked: z.literal("0").optional(),
  certSubjectDN: z.string(),
  certSubjectDNRFC2253: z.string().optional(),
});

type Holder = Pick<SessionRecord, "identity" | "bootFacts">;

/**
 * Whether a verified certificate belongs to this charger (2.0.1 A00.FR.405, B01.FR.11): its common name is the identity, or the
 * serial number that the station reported. Otherwise a station could pose as another one.
 */
export function isCertified({ cf }: Request, { identity, bootFacts }: Holder): boolean {
  const certificate = verifiedCertificate.safeParse(cf?.tlsClientAuth).data;
  if (!certificate) return false;
  const name = commonName(certificate.certSubjectDNRFC2253 || certificate.certSubjectDN);
  return name !== null && (name === identity || name === bootFacts?.serialNumber);
}
