import { Forbidden } from "../errors.ts";
import { guardOf } from "../ocpp/secrets.ts";
import type { Ports, SessionRef } from "../ports.ts";

/**
 * Refuses changes of configuration keys that have an endpoint of their own, and a security profile lower than the one
 * the session has.
 * @throws Forbidden
 */
export async function guardConfigurationChange(
  ports: Pick<Ports, "sessions">,
  ref: SessionRef,
  change: { key: string; value: string },
): Promise<void> {
  const guard = guardOf(change.key);
  if (guard === "credential") {
    const route = `POST /api/v1/chargers/${encodeURIComponent(ref.identity)}/authorization-key`;
    throw new Forbidden("guarded", `Use ${route}`);
  }
  if (guard !== "securityProfile") return;
  const session = await ports.sessions.snapshot(ref);
  if (session !== null && !(Number(change.value) >= session.securityProfile))
    throw new Forbidden("guarded", "The security profile must not be lowered");
}
