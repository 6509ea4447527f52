import { Forbidden } from "../errors.ts";
import {
  configurationChanges,
  setsCredential,
  type ConfigurationChange,
  type OcppCall,
} from "../ocpp/guarded-fields.ts";
import { guardOf } from "../ocpp/secrets.ts";
import type { Ports, SessionRef } from "../ports.ts";

/**
 * Refuses CALLs that would change a station's password, which has an endpoint of its own, or give it a security profile lower
 * than the one the session has. Every surface that sends CALLs to stations calls this, for every OCPP version.
 * @throws Forbidden
 */
export async function guardConfiguration(
  ports: Pick<Ports, "sessions">,
  ref: SessionRef,
  call: OcppCall,
): Promise<void> {
  if (setsCredential(call)) {
    const route = `POST /api/v1/chargers/${encodeURIComponent(ref.identity)}/authorization-key`;
    throw new Forbidden("guarded", `Use ${route}`);
  }
  const profiles = configurationChanges(call).filter(({ key }) => guardOf(key) === "securityProfile");
  if (profiles.length === 0) return;
  const session = await ports.sessions.snapshot(ref);
  const isLower = ({ value }: ConfigurationChange) =>
    !(profileOf(value) >= (session?.securityProfile ?? -Infinity));
  if (session !== null && profiles.some(isLower))
    throw new Forbidden("guarded", "The security profile must not be lowered");
}

/** Only plain digits are a number: a station may read `0x3` or `1e1` as a lower one. NaN: it is none. */
function profileOf(value: string): number {
  return /^\d+$/.test(value) ? Number(value) : Number.NaN;
}
