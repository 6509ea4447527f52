import type { Background, Ports } from "../ports.ts";
import { withinOr } from "../within.ts";

/** How long an answer waits for the registry, which otherwise finds the change by itself within minutes. */
const TELL_MS = 1000;

/** Lets the organisation's registry read again whose vendor messages are wanted, so that it holds at the next message. */
export async function tellSubscriptions(
  { tagRegistries }: Pick<Ports, "tagRegistries">,
  { organizationId, background }: { organizationId: string; background: Background },
): Promise<void> {
  const told = tagRegistries.reloadVendors(organizationId).then(
    () => true,
    () => false,
  );
  if (!(await withinOr(TELL_MS, told, false))) background(told);
}
