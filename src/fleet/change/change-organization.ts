import { NotFound } from "../../errors.ts";
import type { Organization, OrganizationChanges, Ports } from "../../ports.ts";
import { publishEffects, type Change } from "./change-chargers.ts";

/**
 * Changes an organisation. The same statement stores effects for its sessions; runs carry them out.
 * @throws NotFound
 */
export async function changeOrganization(
  ports: Pick<Ports, "organizations" | "runs" | "clock">,
  { organizationId, background }: Change,
  changes: OrganizationChanges,
): Promise<Organization> {
  const changed = await ports.organizations.change(organizationId, changes, ports.clock.now());
  if (!changed) throw new NotFound("Organization", organizationId);
  await Promise.all(changed.effects.map((batch) => publishEffects(ports, batch, background)));
  return changed.organization;
}
