import { Forbidden } from "../errors.ts";
import { guardOf } from "../ocpp/secrets.ts";
import type { Ports, SessionRef } from "../ports.ts";

/**
 * Keys that have their own way in. A lower security profile is refused; the registered one is asked of the session.
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
