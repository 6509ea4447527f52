import type { Ports } from "../ports.ts";

/**
 * Carries out what replaces the local list of a station directly, and switches the mode `managed` off for it. It is off before
 * anything is sent, so that no crash leaves a list that is both sent by a client and kept by us; if nothing was sent, it is
 * on again.
 */
export async function replacingList<T>(
  ports: Pick<Ports, "localLists" | "clock">,
  target: { organizationId: string; identity: string },
  send: () => Promise<T>,
  isUnsent: (result: T) => boolean,
): Promise<T> {
  const { organizationId, identity } = target;
  const revision = await ports.localLists.replace(organizationId, identity, ports.clock.now());
  const result = await send();
  if (revision !== null && isUnsent(result))
    await ports.localLists.keep(organizationId, identity, revision, ports.clock.now());
  return result;
}
