/** Whether a station's target is this deployment's own OCPP socket for its organisation. */
export function isOwnSocket(wsUrl: string | null, publicBaseUrl: string, organizationSlug: string): boolean {
  if (wsUrl === null) return true;
  const own = new URL(`${publicBaseUrl.replace(/^http/, "ws")}/ocpp/${organizationSlug}`);
  return new URL(wsUrl.replace(/\/+$/, "")).href === own.href;
}
